using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Encoders;

/// <summary>From pixel bytes to what an encoder is fed, in training and evaluation alike.</summary>
internal static class Pixels
{
    /// <summary>About the mean of natural images' values in [0, 1].</summary>
    public const double Mean = 0.5;

    /// <summary>About their standard deviation.</summary>
    public const double Deviation = 0.25;

    /// <summary>What <see cref="Center"/> makes of black.</summary>
    public const double Least = (0 - Mean) / Deviation;

    /// <summary>What <see cref="Center"/> makes of white.</summary>
    public const double Most = (1 - Mean) / Deviation;

    // Kept, as TorchSharp may free a number's conversion before native code reads it.
    private static readonly Scalar s_mostOfByte = byte.MaxValue, s_mean = Mean, s_deviation = Deviation;

    /// <summary>Bytes 0..255 as float32 in [0, 1].</summary>
    public static Tensor ToUnit(Tensor bytes) => bytes.to(ScalarType.Float32).div_(s_mostOfByte);

    /// <summary>Values in [0, 1] centred and scaled to about unit variance, in place.</summary>
    public static Tensor Center(Tensor unit) => unit.sub_(s_mean).div_(s_deviation);

    /// <summary>Undoes <see cref="Center"/>, in a new tensor: for showing images to people.</summary>
    public static Tensor Uncenter(Tensor centered) => centered * s_deviation + s_mean;
}
