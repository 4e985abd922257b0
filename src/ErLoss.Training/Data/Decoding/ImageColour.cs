using System.Globalization;

namespace ErLoss.Training.Data;

/// <summary>A colour of eight bits for each of red, green and blue.</summary>
internal readonly record struct ImageColour(byte Red, byte Green, byte Blue)
{
    private const int Digits = 6;

    /// <summary>White.</summary>
    public static ImageColour White { get; } = new(byte.MaxValue, byte.MaxValue, byte.MaxValue);

    /// <summary>Six hexadecimal digits, as <see cref="Parse"/> reads them.</summary>
    public override string ToString() => $"{Red:x2}{Green:x2}{Blue:x2}";

    /// <summary>The colour that a text names: "white", "black", "grey", or six hexadecimal digits as in "ff8000"; null if it names none.</summary>
    public static ImageColour? Parse(string text) => text switch
    {
        "white" => White,
        "black" => default(ImageColour),
        "grey" or "gray" => new ImageColour(128, 128, 128),
        _ => text.Length == Digits && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value)
            ? new ImageColour((byte)(value >> 16), (byte)(value >> 8), (byte)value)
            : null,
    };
}
