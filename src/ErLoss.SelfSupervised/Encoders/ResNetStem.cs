namespace ErLoss.SelfSupervised.Encoders;

/// <summary>The first layers of a <see cref="ResNet18"/>, which say how much smaller than the image its feature maps are.</summary>
public enum ResNetStem
{
    /// <summary>For small images, as those of CIFAR: a 3×3 convolution of stride one and no pooling. The last feature maps have an eighth of the image's height and width.</summary>
    Cifar,

    /// <summary>
    /// That of the paper, for images as those of ImageNet: a 7×7 convolution of stride two, and after normalisation and ReLU the maximum over 3×3 pixels with stride two. The last feature
    /// maps have a thirty-second of the image's height and width, and the layers after the stem compute a sixteenth of the pixels.
    /// </summary>
    ImageNet,
}
