namespace ErLoss.SelfSupervised.Encoders;

/// <summary>The width of the encoders of this library: how many channels their first convolution has. Their last one has eight times as many, and so many features they have.</summary>
internal static class EncoderWidth
{
    /// <summary>The largest width. A ResNet-18 of this width has two gigabytes of weights.</summary>
    public const int Largest = 512;

    private const int FeaturesPerChannel = 8;

    /// <summary>How many features an encoder of a width has.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The width is below 1 or above <see cref="Largest"/>.</exception>
    public static int Features(int width) => width is >= 1 and <= Largest
        ? FeaturesPerChannel * width
        : throw new ArgumentOutOfRangeException(nameof(width), $"The width is {width}; a number from 1 to {Largest} is wanted.");

    /// <summary>The width of an encoder; null if it is none of this library.</summary>
    public static int? Of(Encoder encoder) => encoder switch
    {
        ConvNet { Width: var width } => width,
        ResNet18 { Width: var width } => width,
        _ => null,
    };

    /// <summary>The width of an encoder with so many features; null if there is none.</summary>
    public static int? With(long features) => features % FeaturesPerChannel == 0 && features / FeaturesPerChannel is >= 1 and <= Largest and var width ? (int)width : null;
}
