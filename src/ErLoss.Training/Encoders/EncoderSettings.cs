using ErLoss.Training.Settings;

namespace ErLoss.Training.Encoders;

/// <summary>The encoder of a run. An encoder's own settings derive from it, with a constructor without parameters.</summary>
public abstract record EncoderSettings : Section
{
    /// <summary>File of the initial weights; they are drawn by the seed if it is null.</summary>
    [Setting("The encoder's initial weights: a safetensors file as export writes it, or of PyTorch's network of the same make.", Placeholder = "FILE", WhenNull = "random ones")]
    public string? Weights { get; init; }
}
