using ErLoss.SelfSupervised.Normalization;
using ErLoss.SelfSupervised.Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.SelfSupervised.Encoders;

/// <summary>
/// The basic block of <see cref="ResNet18"/>: relu(bn2(conv2(relu(bn1(conv1(x))))) + x), where x goes through a 1×1 convolution and batch
/// normalisation if the shape changes.
/// </summary>
internal sealed class ResidualBlock : Module<Tensor, Tensor>, IOnnxPart
{
    private readonly ImageConvolution conv1, conv2;
    private readonly SyncBatchNorm bn1, bn2;
    private readonly Sequential? downsample;

    /// <summary>(k, <paramref name="inputs"/>, h, w) to (k, <paramref name="outputs"/>, ⌈h/stride⌉, ⌈w/stride⌉).</summary>
    public ResidualBlock(int inputs, int outputs, int stride)
        : base(nameof(ResidualBlock))
    {
        conv1 = new ImageConvolution(inputs, outputs, kernelSize: 3, stride, padding: 1);
        bn1 = new SyncBatchNorm(outputs);
        conv2 = new ImageConvolution(outputs, outputs, kernelSize: 3, padding: 1);
        bn2 = new SyncBatchNorm(outputs);
        downsample = stride == 1 && inputs == outputs
            ? null
            : Sequential(("0", new ImageConvolution(inputs, outputs, kernelSize: 1, stride)), ("1", new SyncBatchNorm(outputs)));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        Tensor inner = functional.relu(bn1.call(conv1.call(input)), inplace: true);
        Tensor residual = bn2.call(conv2.call(inner)).add_(downsample?.call(input) ?? input);
        return functional.relu(residual, inplace: true).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public string Describe(OnnxGraph graph, string maps)
    {
        string inner = graph.Relu(graph.Sequence(graph.Sequence(maps, conv1), bn1));
        string residual = graph.Sequence(graph.Sequence(inner, conv2), bn2);
        return graph.Relu(graph.Sum(residual, downsample is null ? maps : graph.Sequence(maps, downsample)));
    }
}
