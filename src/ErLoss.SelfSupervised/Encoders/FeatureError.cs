using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Encoders;

/// <summary>How far features computed in a type are from what they should be; see <see cref="FeatureCheck"/>.</summary>
/// <param name="Type">What convolutions computed in.</param>
/// <param name="Error">The largest distance of an image's features from the truth, relative to the length of features.</param>
/// <param name="Allowed">The largest that rounding explains.</param>
public sealed record FeatureError(ScalarType Type, double Error, double Allowed)
{
    /// <summary>Whether rounding explains the error; false for one that is not a number.</summary>
    public bool IsRight => Error <= Allowed;
}
