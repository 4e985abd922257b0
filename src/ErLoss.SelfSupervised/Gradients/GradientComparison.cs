namespace ErLoss.SelfSupervised.Gradients;

/// <summary>What a <see cref="GradientCheck"/> found.</summary>
/// <param name="Errors">The derivatives that are wrong, in order of variable, element and output; none if the gradient is right.</param>
/// <param name="Count">Number of derivatives that were compared: elements of all variables times elements of the output.</param>
/// <param name="LargestDerivative">
/// The largest absolute derivative by differences. Where it is zero the function does not depend on its variables at this point, and the comparison proves little.
/// </param>
/// <param name="LargestDifference">The largest absolute difference between the two derivatives; NaN if one of them is not a number.</param>
public sealed record GradientComparison(IReadOnlyList<GradientError> Errors, long Count, double LargestDerivative, double LargestDifference)
{
    /// <summary>Whether all derivatives agree.</summary>
    public bool IsRight => Errors.Count == 0;

    /// <summary>Accepts a right gradient only.</summary>
    /// <exception cref="WrongGradientException">The gradient is wrong; the message names the first derivative that is.</exception>
    public void Require()
    {
        if (!IsRight)
        {
            throw new WrongGradientException(ToString());
        }
    }

    /// <summary>The first error and the number of errors, or that there is none.</summary>
    public override string ToString() => IsRight
        ? FormattableString.Invariant($"All {Count} derivatives agree, to {LargestDifference:g2}.")
        : $"{Errors[0]} Wrong derivatives: {Errors.Count} of {Count}.";
}
