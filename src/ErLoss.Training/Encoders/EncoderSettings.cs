using ErLoss.Training.Settings;

namespace ErLoss.Training.Encoders;

/// <summary>The encoder of a run. An encoder's own settings derive from it, with a constructor without parameters.</summary>
public abstract record EncoderSettings : Section
{
    /// <summary>File of the initial weights; they are drawn by the seed if it is null.</summary>
    [Setting("Safetensors file with weights of the encoder, as export or PyTorch writes it. Training starts from these weights.", Placeholder = "FILE", IsPath = true, WhenNull = "random ones")]
    public string? Weights { get; init; }

    /// <summary>The same with all that follows from the images and the weights.</summary>
    /// <param name="imageSize">Height and width of the images.</param>
    /// <param name="weights">File of the weights that the encoder gets; null if they are drawn.</param>
    /// <exception cref="SelfSupervised.IO.DataException">The file cannot be read.</exception>
    internal virtual EncoderSettings For(int imageSize, string? weights) => this;
}
