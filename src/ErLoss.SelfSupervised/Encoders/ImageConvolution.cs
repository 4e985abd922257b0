using ErLoss.SelfSupervised.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.SelfSupervised.Encoders;

/// <summary>
/// A 2-D convolution without bias that computes in the type of its input: (k, <c>inputs</c>, h, w) to (k, <c>outputs</c>, h', w'). The weights are float32 and
/// rounded to that type in passing, so that gradients and the optimizer's small steps are not lost (Micikevicius et al., "Mixed precision training", ICLR 2018).
/// </summary>
/// <remarks>
/// On a CPU a convolution of one pixel is computed as the matrix product that it is. oneDNN pads the weights of such convolutions, and where a virtual machine
/// does not tell the size of its first cache, its copy into that layout (<c>jit_uni_reorder.cpp</c>, <c>prb_block_for_cache</c>) leaves weights out. The product is no slower
/// in a ResNet's shortcuts. cuDNN has no such copy, so that a GPU convolves.
/// </remarks>
public sealed class ImageConvolution : Module<Tensor, Tensor>, IOnnxPart
{
    private readonly Parameter weight;
    private readonly int _kernelSize, _stride, _padding;

    /// <summary>Makes a convolution with weights as PyTorch draws them: uniform, in a range that shrinks with the number of inputs.</summary>
    /// <param name="inputs">Channels of the input, at least 1.</param>
    /// <param name="outputs">Channels of the output, at least 1.</param>
    /// <param name="kernelSize">Height and width of the kernel, at least 1.</param>
    /// <param name="stride">Pixels from one place of the kernel to the next, at least 1.</param>
    /// <param name="padding">Zeros that are added on each side, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is too small.</exception>
    public ImageConvolution(int inputs, int outputs, int kernelSize, int stride = 1, int padding = 0)
        : base(nameof(ImageConvolution))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(kernelSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stride);
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        weight = new Parameter(empty(outputs, inputs, kernelSize, kernelSize, device: CPU));
        weight.DetachFromDisposeScope(); // it is the module's, whatever scope is open where that is made
        init.kaiming_uniform_(weight, a: Math.Sqrt(5));
        (_kernelSize, _stride, _padding) = (kernelSize, stride, padding);
        RegisterComponents();
    }

    /// <summary>(outputs, inputs, kernel, kernel), float32.</summary>
    public Parameter Weight => weight;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The input is not floating-point, does not have four dimensions, or does not have as many channels as the weights.</exception>
    public override Tensor forward(Tensor input)
    {
        Arguments.CheckMaps(input, weight.shape[1]);
        using var scope = NewDisposeScope();
        Tensor typed = weight.to(input.dtype);
        Tensor output = input.dtype == ScalarType.Float64 ? ByDefinition(input, typed)
            : _kernelSize == 1 && _padding == 0 && input.device_type == DeviceType.CPU ? ByPixels(input, typed)
            : functional.conv2d(input, typed, null, [_stride, _stride], [_padding, _padding]);
        return output.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public string Describe(OnnxGraph graph, string maps)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return graph.Convolution(maps, weight, _stride, _padding);
    }

    /// <summary>Patches times weights, without the kernels that it is to be compared with: see <see cref="FeatureCheck"/>.</summary>
    private Tensor ByDefinition(Tensor input, Tensor typed)
    {
        Tensor patches = functional.unfold(input, _kernelSize, padding: _padding, stride: _stride); // (k, inputs·kernel², h'·w')
        return typed.flatten(1).matmul(patches).view(input.shape[0], typed.shape[0], Sites(input.shape[2]), Sites(input.shape[3]));
    }

    /// <summary>The pixels that the stride falls on, one a row, times the weights; laid out channels-last, as its input best is.</summary>
    private Tensor ByPixels(Tensor input, Tensor typed)
    {
        (long k, long inputs, long height, long width) = (input.shape[0], input.shape[1], Sites(input.shape[2]), Sites(input.shape[3]));
        long[] strides = input.stride();
        // One view, whose gradient is one copy: a slice for each dimension would make two.
        Tensor pixels = input.as_strided(
            [k, height, width, inputs], [strides[0], strides[2] * _stride, strides[3] * _stride, strides[1]], input.storage_offset());
        return pixels.reshape(-1, inputs).mm(typed.flatten(1).t()).view(k, height, width, typed.shape[0]).permute(0, 3, 1, 2);
    }

    private long Sites(long length) => (length + 2 * _padding - _kernelSize) / _stride + 1;
}
