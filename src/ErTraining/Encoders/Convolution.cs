using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErTraining.Encoders;

/// <summary>
/// A 2-D convolution without bias that computes in the type of its input: (k, <c>inputs</c>, h, w) to (k, <c>outputs</c>, h', w'). The weights are float32 and
/// rounded to that type in passing, so that gradients and the optimizer's small steps are not lost (Micikevicius et al., "Mixed precision training", ICLR 2018).
/// </summary>
internal sealed class Convolution : Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly long[] _strides, _padding;

    /// <summary>Weights as PyTorch draws them: uniform, by the number of inputs.</summary>
    public Convolution(int inputs, int outputs, int kernelSize, int stride = 1, int padding = 0)
        : base(nameof(Convolution))
    {
        weight = new Parameter(empty(outputs, inputs, kernelSize, kernelSize, device: CPU));
        weight.DetachFromDisposeScope(); // it is the module's, whatever scope is open where that is made
        init.kaiming_uniform_(weight, a: Math.Sqrt(5));
        _strides = [stride, stride];
        _padding = [padding, padding];
        RegisterComponents();
    }

    /// <summary>(outputs, inputs, kernel, kernel), float32.</summary>
    public Parameter Weight => weight;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return functional.conv2d(input, weight.to(input.dtype), null, _strides, _padding).MoveToOuterDisposeScope();
    }
}
