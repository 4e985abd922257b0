using ErLoss.SelfSupervised.Normalization;
using ErLoss.SelfSupervised.Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.SelfSupervised.Encoders;

/// <summary>
/// ResNet-18 (He et al., "Deep Residual Learning for Image Recognition", CVPR 2016), with the paper's stem or with the one that is usual for small images; see <see cref="ResNetStem"/>.
/// </summary>
/// <remarks>
/// The weights have torchvision's names and are initialised as in torchvision (He et al., "Delving Deep into Rectifiers", ICCV 2015, by
/// outputs); the classifier <c>fc</c> is left out.
/// </remarks>
public sealed class ResNet18 : Encoder
{
    /// <summary>The height and width of images, in pixels, from which on the paper's stem is the one to choose: its last feature maps have two pixels a side there.</summary>
    public const int LeastSizeForImageNetStem = 64;

    /// <summary>Channels of the first convolution where no other number is asked for.</summary>
    public const int DefaultWidth = 64;

    private const int PoolSize = 3, PoolStride = 2, PoolPadding = 1;

    private readonly ImageConvolution conv1;
    private readonly SyncBatchNorm bn1;
    private readonly Sequential layer1, layer2, layer3, layer4;

    /// <summary>Makes the network with the stem for small images; its weights are drawn from the global generator.</summary>
    public ResNet18()
        : this(ResNetStem.Cifar)
    {
    }

    /// <summary>Makes the network; its weights are drawn from the global generator.</summary>
    /// <param name="stem">Its first layers.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such stem.</exception>
    public ResNet18(ResNetStem stem)
        : this(stem, DefaultWidth)
    {
    }

    /// <summary>Makes the network with another number of channels; its weights are drawn from the global generator.</summary>
    /// <param name="stem">Its first layers.</param>
    /// <param name="width">Channels of the first convolution and of the first layer. There are eight times as many features.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such stem, or the width is below 1 or above 512.</exception>
    public ResNet18(ResNetStem stem, int width)
        : base(nameof(ResNet18), EncoderWidth.Features(width))
    {
        Width = width;
        conv1 = stem switch
        {
            ResNetStem.Cifar => new ImageConvolution(3, width, kernelSize: 3, padding: 1),
            ResNetStem.ImageNet => new ImageConvolution(3, width, kernelSize: 7, stride: 2, padding: 3),
            _ => throw new ArgumentOutOfRangeException(nameof(stem), $"The stem is {stem}; {nameof(ResNetStem.Cifar)} or {nameof(ResNetStem.ImageNet)} is wanted."),
        };
        Stem = stem;
        bn1 = new SyncBatchNorm(width);
        layer1 = Layer(width, width, stride: 1);
        layer2 = Layer(width, 2 * width, stride: 2);
        layer3 = Layer(2 * width, 4 * width, stride: 2);
        layer4 = Layer(4 * width, 8 * width, stride: 2);
        RegisterComponents();
        foreach (ImageConvolution convolution in modules().OfType<ImageConvolution>())
        {
            init.kaiming_normal_(convolution.Weight, mode: init.FanInOut.FanOut, nonlinearity: init.NonlinearityType.ReLU);
        }
    }

    /// <summary>The first layers.</summary>
    public ResNetStem Stem { get; }

    /// <summary>Channels of the first convolution.</summary>
    public int Width { get; }

    /// <summary>The stem that is usual for images of a size: the paper's from <see cref="LeastSizeForImageNetStem"/> pixels on.</summary>
    /// <param name="imageSize">Height and width in pixels.</param>
    public static ResNetStem StemFor(int imageSize) => imageSize >= LeastSizeForImageNetStem ? ResNetStem.ImageNet : ResNetStem.Cifar;

    /// <inheritdoc/>
    protected override Encoder Fresh() => new ResNet18(Stem, Width);

    /// <inheritdoc/>
    protected override Tensor Maps(Tensor images)
    {
        Tensor stem = functional.relu(bn1.call(conv1.call(images)), inplace: true);
        if (Stem == ResNetStem.ImageNet)
        {
            stem = functional.max_pool2d(stem, PoolSize, PoolStride, PoolPadding);
        }
        return layer4.call(layer3.call(layer2.call(layer1.call(stem))));
    }

    /// <inheritdoc/>
    protected override string DescribeMaps(OnnxGraph graph, string images)
    {
        ArgumentNullException.ThrowIfNull(graph);
        string stem = graph.Relu(graph.Sequence(graph.Sequence(images, conv1), bn1));
        if (Stem == ResNetStem.ImageNet)
        {
            stem = graph.MaxPooling(stem, PoolSize, PoolStride, PoolPadding);
        }
        return new[] { layer1, layer2, layer3, layer4 }.Aggregate(stem, graph.Sequence);
    }

    private static Sequential Layer(int inputs, int outputs, int stride) => Sequential(
        ("0", new ResidualBlock(inputs, outputs, stride)),
        ("1", new ResidualBlock(outputs, outputs, stride: 1)));
}
