using ErLoss.SelfSupervised.Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.SelfSupervised.Encoders;

/// <summary>
/// ResNet-18 (He et al., "Deep Residual Learning for Image Recognition", CVPR 2016) with the stem for small images: a 3×3 convolution of
/// stride one and no pooling in place of a 7×7 one of stride two and pooling.
/// </summary>
/// <remarks>
/// The weights have torchvision's names and are initialised as in torchvision (He et al., "Delving Deep into Rectifiers", ICCV 2015, by
/// outputs); the classifier <c>fc</c> is left out.
/// </remarks>
public sealed class ResNet18 : Encoder
{
    private readonly ImageConvolution conv1;
    private readonly BatchNorm2d bn1;
    private readonly Sequential layer1, layer2, layer3, layer4;

    /// <summary>Makes the network; its weights are drawn from the global generator.</summary>
    public ResNet18()
        : base(nameof(ResNet18), featureDimension: 512)
    {
        conv1 = new ImageConvolution(3, 64, kernelSize: 3, padding: 1);
        bn1 = BatchNorm2d(64, device: CPU);
        layer1 = Layer(64, 64, stride: 1);
        layer2 = Layer(64, 128, stride: 2);
        layer3 = Layer(128, 256, stride: 2);
        layer4 = Layer(256, 512, stride: 2);
        RegisterComponents();
        foreach (ImageConvolution convolution in modules().OfType<ImageConvolution>())
        {
            init.kaiming_normal_(convolution.Weight, mode: init.FanInOut.FanOut, nonlinearity: init.NonlinearityType.ReLU);
        }
    }

    /// <inheritdoc/>
    protected override Encoder Fresh() => new ResNet18();

    /// <inheritdoc/>
    protected override Tensor Maps(Tensor images)
    {
        Tensor stem = functional.relu(bn1.call(conv1.call(images)), inplace: true);
        return layer4.call(layer3.call(layer2.call(layer1.call(stem))));
    }

    /// <inheritdoc/>
    protected override string DescribeMaps(OnnxGraph graph, string images)
    {
        ArgumentNullException.ThrowIfNull(graph);
        string stem = graph.Relu(graph.Sequence(graph.Sequence(images, conv1), bn1));
        return new[] { layer1, layer2, layer3, layer4 }.Aggregate(stem, graph.Sequence);
    }

    private static Sequential Layer(int inputs, int outputs, int stride) => Sequential(
        ("0", new ResidualBlock(inputs, outputs, stride)),
        ("1", new ResidualBlock(outputs, outputs, stride: 1)));
}
