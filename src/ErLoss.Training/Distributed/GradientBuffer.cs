using ErLoss.Modules.Distributed;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.Training.Distributed;

/// <summary>
/// Sums the gradients of all ranks in one collective a step, in which ranks also say whether they want to stop. The memory is one buffer, in which every trained weight has a place, in the order of the module and laid out like the weight.
/// </summary>
/// <remarks>
/// <para>
/// Gradients are copied into their places, and the places are the weights' gradients afterwards. If the backward pass added into the places instead, it would have to read and write them for each weight, which costs more than
/// a copy: into a weight without a gradient it puts its result without copying it.
/// </para>
/// <para>
/// A weight may lack a gradient on some ranks: they count as zeros. If it has none on any rank, it has none afterwards, so that the optimizer leaves it alone. For that each weight has one more number in the buffer.
/// </para>
/// <para>
/// The running statistics of batch normalisations that are not synchronised would differ from rank to rank, and with them what is evaluated and kept. They are averaged in the same collective.
/// </para>
/// <para>The buffer has the type that most of the weights' numbers have: the gradient of a learnt κ, which is float64, is rounded to float32 with float32 weights.</para>
/// </remarks>
internal sealed class GradientBuffer : IDisposable
{
    private readonly ProcessGroup _group;
    private readonly Parameter[] _weights;
    private readonly Tensor[] _statistics, _places;
    private readonly Tensor _buffer, _flags;
    private readonly double _share;

    /// <summary>Makes the buffer.</summary>
    /// <param name="module">What is trained, on its device and of its type.</param>
    /// <param name="group">The ranks.</param>
    /// <param name="share">This rank's share of a batch.</param>
    /// <param name="statistics">Buffers of the module that are to be averaged over the ranks, by their shares.</param>
    public GradientBuffer(nn.Module module, ProcessGroup group, Share share, IEnumerable<Tensor> statistics)
    {
        _group = group;
        _share = (double)share.Count / share.Total;
        _weights = [.. module.parameters().Where(weight => weight.requires_grad)];
        _statistics = [.. statistics];
        Tensor[] entries = [.. _weights, .. _statistics];
        long numbers = entries.Sum(entry => entry.numel());
        bool isDouble = 2 * entries.Where(entry => entry.dtype == ScalarType.Float64).Sum(entry => entry.numel()) > numbers;
        using var scope = NewDisposeScope();
        _buffer = zeros(numbers + _weights.Length + 1, dtype: isDouble ? ScalarType.Float64 : ScalarType.Float32, device: entries[0].device).DetachFromDisposeScope();
        _flags = _buffer.narrow(0, numbers, _weights.Length + 1).DetachFromDisposeScope();
        _places = new Tensor[entries.Length];
        long offset = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            _places[i] = _buffer.as_strided(entries[i].shape, entries[i].stride(), offset).DetachFromDisposeScope();
            offset += entries[i].numel();
        }
    }

    /// <summary>Makes the gradients those of the sum of all ranks' losses.</summary>
    /// <param name="wantsStop">Whether this rank wants all to stop.</param>
    /// <returns>Whether any rank does.</returns>
    public bool Sum(bool wantsStop)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using Scalar share = _share;
        double[] flags = new double[_weights.Length + 1];
        for (int i = 0; i < _weights.Length; i++)
        {
            if (_weights[i].grad is { } gradient)
            {
                _places[i].copy_(gradient);
                flags[i] = 1;
            }
            else
            {
                _places[i].zero_();
            }
        }
        for (int i = 0; i < _statistics.Length; i++)
        {
            _places[_weights.Length + i].copy_(_statistics[i]).mul_(share);
        }
        flags[^1] = wantsStop ? 1 : 0;
        _flags.copy_(tensor(flags, device: CPU));
        _group.AllReduce(_buffer);
        flags = _flags.to(ScalarType.Float64).cpu().data<double>().ToArray();
        for (int i = 0; i < _weights.Length; i++)
        {
            if (flags[i] > 0)
            {
                _weights[i].grad = _places[i].to(_weights[i].dtype);
            }
        }
        for (int i = 0; i < _statistics.Length; i++)
        {
            _statistics[i].copy_(_places[_weights.Length + i]);
        }
        return flags[^1] > 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor place in _places)
        {
            place.Dispose();
        }
        _flags.Dispose();
        _buffer.Dispose();
    }
}
