using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Encoders;

/// <summary>Of <see cref="ResNet18"/>.</summary>
internal sealed record ResNet18Settings : EncoderSettings
{
    /// <summary>The first layers; null for those that the file of weights has, or that are usual for the size of the images.</summary>
    [Setting(
        "First layers: cifar is a 3x3 convolution of stride 1, for small images; imagenet is a 7x7 convolution of stride 2 with pooling, as in the paper (He et al., CVPR 2016).",
        WhenNull = "that of the weights, if a file is given; else imagenet for images of 64x64 pixels and more, cifar for smaller ones")]
    public ResNetStem? Stem { get; init; }

    /// <summary>Channels of the first convolution; null for those that the file of weights has, or the usual number.</summary>
    [Setting(
        "Number of channels of the encoder's first convolution; there are eight times as many features.",
        Word = "encoder_width", Least = 1, Most = EncoderWidth.Largest, WhenNull = "that of the weights, if a file is given; else 64")]
    public int? Width { get; init; }

    /// <inheritdoc/>
    internal override EncoderSettings For(int imageSize, string? weights)
    {
        EncoderMetadata? ofFile = weights is null ? null : EncoderFile.ReadMetadata(weights);
        return this with { Stem = Stem ?? ofFile?.Stem ?? ResNet18.StemFor(imageSize), Width = Width ?? ofFile?.ResNetWidth ?? ResNet18.DefaultWidth };
    }
}
