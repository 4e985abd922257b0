namespace ErLoss.SelfSupervised.Gradients;

/// <summary>A derivative on which autograd and central differences do not agree.</summary>
/// <param name="Variable">Name of the input or parameter: "input", "input1", …, or that of a module's parameter.</param>
/// <param name="Element">Index of the element of that variable.</param>
/// <param name="OutputElement">Index of the element of the output; empty for a scalar.</param>
/// <param name="ByAutograd">The derivative by autograd.</param>
/// <param name="ByDifferences">The derivative by central differences.</param>
/// <param name="Allowed">How far apart they may be.</param>
public sealed record GradientError(
    string Variable, IReadOnlyList<long> Element, IReadOnlyList<long> OutputElement, double ByAutograd, double ByDifferences, double Allowed)
{
    /// <summary>Both derivatives and where they are, as a sentence.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"The derivative of {OfOutput} by element {Arguments.Format(Element)} of {Variable} is {ByAutograd:g6} by autograd and {ByDifferences:g6} by central differences, which may differ by {Allowed:g2}.");

    private string OfOutput => OutputElement.Count == 0 ? "the output" : $"the output's element {Arguments.Format(OutputElement)}";
}
