using ErLoss.Training.Methods;
using static TorchSharp.torch;

namespace ErLoss.Training;

/// <summary>Sums a method's terms over the steps of an epoch on the device, so that a step need not wait for its values.</summary>
internal sealed class MetricSums : IDisposable
{
    private static readonly string[] s_names = ["loss", "entropy", "reconstruction", "mutual-information bound"];

    /// <summary>How many terms a step has.</summary>
    public static int Count => s_names.Length;

    private readonly Tensor _sums, _finiteSteps;

    /// <summary>Nothing added yet.</summary>
    public MetricSums(Device device)
        : this(device, new double[s_names.Length], 0)
    {
    }

    /// <summary>Sums to go on from.</summary>
    /// <param name="device">Where to add.</param>
    /// <param name="sums">As <see cref="Sums"/> gave them.</param>
    /// <param name="steps">How many steps they are of.</param>
    public MetricSums(Device device, double[] sums, int steps)
    {
        using var scope = NewDisposeScope();
        _sums = tensor(sums, device: device).DetachFromDisposeScope();
        _finiteSteps = tensor((long)steps, device: device).DetachFromDisposeScope();
        Steps = steps;
    }

    /// <summary>Steps added.</summary>
    public int Steps { get; private set; }

    /// <summary>Adds a step's terms.</summary>
    public void Add(MethodTerms terms)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        _sums.add_(stack([terms.Loss, terms.Entropy, terms.Reconstruction, terms.MutualInformationBound]));
        _finiteSteps.add_(_sums.isfinite().all()); // a sum that is no number once remains none
        Steps++;
    }

    /// <summary>The sums over the steps added: loss, entropy, reconstruction, mutual-information bound. Waits for the device.</summary>
    /// <exception cref="NotFiniteNumberException">A term was no finite number; the message is a clause that says which, and in which step.</exception>
    public double[] Sums()
    {
        using var scope = NewDisposeScope();
        double[] sums = _sums.cpu().data<double>().ToArray();
        if (Array.FindIndex(sums, sum => !double.IsFinite(sum)) is >= 0 and var stray)
        {
            throw new NotFiniteNumberException($"the {s_names[stray]} became {sums[stray]} in step {_finiteSteps.item<long>() + 1}");
        }
        return sums;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sums.Dispose();
        _finiteSteps.Dispose();
    }
}
