using System.Globalization;
using ErLoss.SelfSupervised.Encoders;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>What a file says of the encoder that is in it, besides the weights: texts by key, in the metadata of safetensors and ONNX files alike.</summary>
/// <param name="Network">Name of the network, in lower case; null if the file does not say.</param>
/// <param name="Stem">The first layers of a ResNet, as the file says or its weights' shapes tell; null of another network.</param>
/// <param name="Width">Channels of the first convolution, as the shapes of the weights tell; null of another network than those of this library.</param>
/// <param name="Preprocessing">What it expects of images; where the file does not say, the defaults, but the size of ImageNet's images with ImageNet's stem.</param>
internal sealed record EncoderMetadata(string? Network, ResNetStem? Stem, int? Width, ImagePreprocessing Preprocessing)
{
    /// <summary>The size that networks with ImageNet's stem are usually trained on.</summary>
    public const int ImageNetSize = 224;

    private const string NetworkKey = "encoder", StemKey = "stem", WidthKey = "width", SizeKey = "image_size", MeanKey = "mean", DeviationKey = "standard_deviation", BackgroundKey = "background";

    private static readonly string[] s_lastConvolutions = ["layers.block4.conv.weight", "layer4.1.conv2.weight"];

    /// <summary>The width that the file has if it is of a convnet; null if it is of a ResNet.</summary>
    public int? ConvNetWidth => Stem is null ? Width : null;

    /// <summary>The width that the file has if it is of a ResNet, which has a stem; null if it has none.</summary>
    public int? ResNetWidth => Stem is null ? null : Width;

    /// <summary>That of an encoder.</summary>
    public static EncoderMetadata Of(Encoder encoder, ImagePreprocessing preprocessing) => new(encoder.GetName().ToLowerInvariant(), (encoder as ResNet18)?.Stem, EncoderWidth.Of(encoder), preprocessing);

    /// <summary>The texts by key.</summary>
    public Dictionary<string, string> ToTexts()
    {
        Dictionary<string, string> texts = new()
        {
            [NetworkKey] = Network!,
            [SizeKey] = Preprocessing.ImageSize.ToString(CultureInfo.InvariantCulture),
            [MeanKey] = Preprocessing.Mean.ToString("r", CultureInfo.InvariantCulture),
            [DeviationKey] = Preprocessing.StandardDeviation.ToString("r", CultureInfo.InvariantCulture),
            [BackgroundKey] = Preprocessing.Background,
        };
        if (Stem is { } stem)
        {
            texts[StemKey] = Word(stem);
        }
        if (Width is { } width)
        {
            texts[WidthKey] = width.ToString(CultureInfo.InvariantCulture); // for readers: here the shapes of the weights tell it
        }
        return texts;
    }

    /// <summary>Reads it back.</summary>
    /// <param name="texts">Those of any file.</param>
    /// <param name="shapes">The shapes of its weights by their names.</param>
    /// <exception cref="InvalidDataException">A text is not sound; the message is a line that says which.</exception>
    public static EncoderMetadata Parse(IReadOnlyDictionary<string, string> texts, IReadOnlyDictionary<string, long[]> shapes)
    {
        ResNetStem? stem = texts.TryGetValue(StemKey, out string? word)
            ? Enum.GetValues<ResNetStem>().Cast<ResNetStem?>().FirstOrDefault(known => Word(known!.Value) == word)
                ?? throw new InvalidDataException($"'{StemKey}' in the metadata is '{word}'; {string.Join(" or ", Enum.GetValues<ResNetStem>().Select(Word))} is wanted.")
            : ResNetWeights.Stem(shapes);
        var defaults = new ImagePreprocessing { ImageSize = stem == ResNetStem.ImageNet ? ImageNetSize : ImagePreprocessing.DefaultImageSize };
        double size = Number(SizeKey, defaults.ImageSize, value => value is >= 1 and <= ImagePreprocessing.LargestImageSize && double.IsInteger(value), $"a whole number from 1 to {ImagePreprocessing.LargestImageSize}");
        double mean = Number(MeanKey, defaults.Mean, double.IsFinite, "a finite number");
        double deviation = Number(DeviationKey, defaults.StandardDeviation, value => double.IsFinite(value) && value > 0, "a finite number above zero");
        string background = texts.GetValueOrDefault(BackgroundKey, defaults.Background);
        if (!ImagePreprocessing.IsBackground(background))
        {
            throw new InvalidDataException($"'{BackgroundKey}' in the metadata is '{background}'; six hexadecimal digits in lower case are wanted.");
        }
        return new EncoderMetadata(texts.GetValueOrDefault(NetworkKey), stem, WidthIn(shapes), new ImagePreprocessing { ImageSize = (int)size, Mean = mean, StandardDeviation = deviation, Background = background });

        double Number(string key, double otherwise, Predicate<double> isSound, string wanted) =>
            !texts.TryGetValue(key, out string? text) ? otherwise
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && isSound(value) ? value
            : throw new InvalidDataException($"'{key}' in the metadata is '{text}'; {wanted} is wanted.");
    }

    /// <summary>The width that the last convolution of a convnet or of a ResNet-18 tells; null if there is no such convolution.</summary>
    private static int? WidthIn(IReadOnlyDictionary<string, long[]> shapes) =>
        shapes.FirstOrDefault(shape => s_lastConvolutions.Any(name => shape.Key.EndsWith(name, StringComparison.Ordinal))).Value is [var channels, ..] ? EncoderWidth.With(channels) : null;

    private static string Word(ResNetStem stem) => stem.ToString().ToLowerInvariant();
}
