namespace ErLoss.Modules;

/// <summary>What <see cref="AttentionLossScript"/> is asked for.</summary>
/// <param name="IsJoe">Whether the estimate is Joe's.</param>
/// <param name="LeavesOneOut">Whether a row is left out of its own density.</param>
/// <param name="Views">How many there are.</param>
/// <param name="Rows">k.</param>
internal sealed record AttentionLossCall(bool IsJoe, bool LeavesOneOut, long Views, long Rows)
{
    /// <summary>Of the entropy.</summary>
    public required double EntropyWeight { get; init; }

    /// <summary>Of the reconstruction.</summary>
    public required double ReconstructionWeight { get; init; }

    /// <summary>Whether both terms and their gradients are wanted, and not their difference.</summary>
    public required bool IsApart { get; init; }

    /// <summary>Whether the entropy is wanted alone, and apart.</summary>
    public required bool IsAlone { get; init; }

    /// <summary>Whether the plain estimate of the entropy is wanted as well.</summary>
    public required bool WithPlain { get; init; }

    /// <summary>Whether gradients are wanted.</summary>
    public required bool WithGradient { get; init; }

    /// <summary>Whether the gradient in the kernels' κ is wanted.</summary>
    public required bool LearnsKappa { get; init; }

    /// <summary>Whether e^κ may be no number of float32.</summary>
    public required bool MayOverflow { get; init; }

    /// <summary>The smallest normal number of the projections' type: the gradient of a row is that of a row of this size at least.</summary>
    public required double Normal { get; init; }

    /// <summary>The smallest number of the projections' type.</summary>
    public required double Least { get; init; }

    /// <summary>Whether the second pass has two columns more, see <see cref="AttentionLossScript"/>.</summary>
    public bool HasLogits => IsJoe && LeavesOneOut && WithGradient;
}
