using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Encoders;

/// <summary>What an encoder expects of images: their size, and how pixel bytes become the numbers that it is fed. The defaults are those of training.</summary>
public sealed record ImagePreprocessing
{
    /// <summary>The size of images where nothing says otherwise.</summary>
    public const int DefaultImageSize = 32;

    /// <summary>The background where nothing says otherwise: white.</summary>
    public const string DefaultBackground = "ffffff";

    private const int BackgroundDigits = 6;

    /// <summary>The largest size of images.</summary>
    public const int LargestImageSize = 4096;

    /// <summary>Height and width of the images that the encoder was trained on, in pixels, from 1 to <see cref="LargestImageSize"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is another one.</exception>
    public int ImageSize
    {
        get;
        init => field = value is >= 1 and <= LargestImageSize
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), $"The image size is {value}; 1 to {LargestImageSize} is wanted.");
    } = DefaultImageSize;

    /// <summary>What is subtracted from values in [0, 1].</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is no finite number.</exception>
    public double Mean
    {
        get;
        init => field = double.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), $"The mean is {value}; a finite number is wanted.");
    } = Pixels.Mean;

    /// <summary>What the difference is divided by.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is no finite number above zero.</exception>
    public double StandardDeviation
    {
        get;
        init => field = double.IsFinite(value) && value > 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), $"The standard deviation is {value}; a finite number above zero is wanted.");
    } = Pixels.Deviation;

    /// <summary>
    /// The colour that transparent pixels were laid on in training: red, green and blue as six hexadecimal digits in lower case. Whoever decodes an image file applies it; pixel bytes have no transparency.
    /// </summary>
    /// <exception cref="ArgumentException">It is no such colour.</exception>
    public string Background
    {
        get;
        init => field = IsBackground(value)
            ? value
            : throw new ArgumentException($"The background is '{value}'; six hexadecimal digits in lower case are wanted.", nameof(value));
    } = DefaultBackground;

    /// <summary>Whether a text is a colour as <see cref="Background"/> has it.</summary>
    internal static bool IsBackground(string text) => text is { Length: BackgroundDigits } && text.All(char.IsAsciiHexDigitLower);

    /// <summary>The input of an encoder, float32, from pixel bytes of the same shape: (x / 255 − <see cref="Mean"/>) / <see cref="StandardDeviation"/>.</summary>
    /// <param name="pixels">Bytes (uint8), on any device.</param>
    /// <exception cref="ArgumentException">The pixels are not bytes.</exception>
    public Tensor Apply(Tensor pixels)
    {
        Arguments.CheckLive(pixels);
        return pixels.dtype == ScalarType.Byte
            ? Pixels.ToUnit(pixels).sub_(Mean).div_(StandardDeviation)
            : throw new ArgumentException($"The dtype is {pixels.dtype}; bytes (uint8) from 0 to 255 are wanted.", nameof(pixels));
    }
}
