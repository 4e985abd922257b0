using ErLoss.SelfSupervised.Normalization;
using ErLoss.SelfSupervised.Onnx;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.SelfSupervised.Encoders;

/// <summary>
/// A small convolutional encoder for CPUs: four 3×3 convolutions, each with batch normalisation and ReLU and twice the channels of the one before,
/// the first three of stride two, then the mean over height and width. Unless another width is asked for, they have 32, 64, 128 and 256 channels.
/// </summary>
/// <remarks>
/// The stride is in the convolutions, so that each computes fewer pixels: at the same width this trains about twice as many images a second as pooling after
/// each convolution.
/// </remarks>
public sealed class ConvNet : Encoder
{
    /// <summary>Channels of the first convolution where no other number is asked for.</summary>
    public const int DefaultWidth = 32;

    private readonly Module<Tensor, Tensor> layers;

    /// <summary>Makes the network; its weights are drawn from the global generator.</summary>
    public ConvNet()
        : this(DefaultWidth)
    {
    }

    /// <summary>Makes the network with another number of channels; its weights are drawn from the global generator.</summary>
    /// <param name="width">Channels of the first convolution. There are eight times as many features.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is below 1 or above 512.</exception>
    public ConvNet(int width)
        : base(nameof(ConvNet), EncoderWidth.Features(width))
    {
        Width = width;
        layers = Sequential(
            ("block1", Block(3, width, stride: 2)),
            ("block2", Block(width, 2 * width, stride: 2)),
            ("block3", Block(2 * width, 4 * width, stride: 2)),
            ("block4", Block(4 * width, 8 * width, stride: 1)));
        RegisterComponents();
    }

    /// <summary>Channels of the first convolution.</summary>
    public int Width { get; }

    /// <inheritdoc/>
    protected override Encoder Fresh() => new ConvNet(Width);

    /// <inheritdoc/>
    protected override Tensor Maps(Tensor images) => layers.call(images);

    /// <inheritdoc/>
    protected override string DescribeMaps(OnnxGraph graph, string images)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return graph.Sequence(images, layers);
    }

    private static Module<Tensor, Tensor> Block(int inputs, int outputs, int stride) => Sequential(
        ("conv", new ImageConvolution(inputs, outputs, kernelSize: 3, stride, padding: 1)),
        ("bn", new SyncBatchNorm(outputs)),
        ("relu", ReLU()));
}
