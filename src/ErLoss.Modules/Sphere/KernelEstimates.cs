using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>What the kernel sums of one batch give, without the normaliser log C_d(κ): scalars, or a value for each row, (k).</summary>
/// <param name="Entropy">The estimate that the settings ask for; it carries gradient. Zero for rows that do not count.</param>
/// <param name="Plain">
/// The estimate in which each row keeps its own kernel, without gradient, where rows are left out of <paramref name="Entropy"/> and it was asked for;
/// else null.
/// </param>
internal readonly record struct KernelEstimates(Tensor Entropy, Tensor? Plain)
{
    /// <summary>Lets both outlive the dispose scope they were made in.</summary>
    public KernelEstimates MoveToOuterDisposeScope()
    {
        Entropy.MoveToOuterDisposeScope();
        Plain?.MoveToOuterDisposeScope();
        return this;
    }
}
