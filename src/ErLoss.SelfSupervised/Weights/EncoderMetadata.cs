using System.Globalization;
using ErLoss.SelfSupervised.Encoders;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>What a file says of the encoder that is in it, besides the weights: texts by key, in the metadata of safetensors and ONNX files alike.</summary>
/// <param name="Network">Name of the network, in lower case; null if the file does not say.</param>
/// <param name="Preprocessing">What it expects of images; the defaults where the file does not say.</param>
internal sealed record EncoderMetadata(string? Network, ImagePreprocessing Preprocessing)
{
    private const string NetworkKey = "encoder", SizeKey = "image_size", MeanKey = "mean", DeviationKey = "standard_deviation";

    /// <summary>That of an encoder.</summary>
    public static EncoderMetadata Of(Encoder encoder, ImagePreprocessing preprocessing) => new(encoder.GetName().ToLowerInvariant(), preprocessing);

    /// <summary>The texts by key.</summary>
    public Dictionary<string, string> ToTexts() => new()
    {
        [NetworkKey] = Network!,
        [SizeKey] = Preprocessing.ImageSize.ToString(CultureInfo.InvariantCulture),
        [MeanKey] = Preprocessing.Mean.ToString("r", CultureInfo.InvariantCulture),
        [DeviationKey] = Preprocessing.StandardDeviation.ToString("r", CultureInfo.InvariantCulture),
    };

    /// <summary>Reads it back.</summary>
    /// <param name="texts">Those of any file.</param>
    /// <exception cref="InvalidDataException">A text is not sound; the message is a line that says which.</exception>
    public static EncoderMetadata Parse(IReadOnlyDictionary<string, string> texts)
    {
        var defaults = new ImagePreprocessing();
        double size = Number(SizeKey, defaults.ImageSize, value => value is >= 1 and <= ImagePreprocessing.LargestImageSize && double.IsInteger(value), $"a whole number from 1 to {ImagePreprocessing.LargestImageSize}");
        double mean = Number(MeanKey, defaults.Mean, double.IsFinite, "a finite number");
        double deviation = Number(DeviationKey, defaults.StandardDeviation, value => double.IsFinite(value) && value > 0, "a finite number above zero");
        return new EncoderMetadata(texts.GetValueOrDefault(NetworkKey), new ImagePreprocessing { ImageSize = (int)size, Mean = mean, StandardDeviation = deviation });

        double Number(string key, double otherwise, Predicate<double> isSound, string wanted) =>
            !texts.TryGetValue(key, out string? text) ? otherwise
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && isSound(value) ? value
            : throw new InvalidDataException($"'{key}' in the metadata is '{text}'; {wanted} is wanted.");
    }
}
