using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Encoders;

/// <summary>Of <see cref="ConvNet"/>.</summary>
internal sealed record ConvNetSettings : EncoderSettings
{
    /// <summary>Channels of the first convolution; null for those that the file of weights has, or the usual number.</summary>
    [Setting(
        "Number of channels of the encoder's first convolution; there are eight times as many features.",
        Word = "encoder_width", Least = 1, Most = EncoderWidth.Largest, WhenNull = "that of the weights, if a file is given; else 32")]
    public int? Width { get; init; }

    /// <inheritdoc/>
    internal override EncoderSettings For(int imageSize, string? weights) =>
        this with { Width = Width ?? (weights is null ? null : EncoderFile.ReadMetadata(weights).ConvNetWidth) ?? ConvNet.DefaultWidth };
}
