namespace ErLoss.Modules.Tests;

/// <summary>How pairwise terms are computed changes no value.</summary>
public class EvaluationTests : TensorTests
{
    [Test]
    public void EveryEvaluationGivesTheSameTerms(
        [Values] Support support, [Values] EntropyEstimator estimator, [Values] bool leaveOneOut, [Values(20, 600)] int rows)
    {
        var options = new EntropyReconstructionOptions { Support = support, Estimator = estimator, LeaveOneOut = leaveOneOut };
        double[,] first = Draw.Normal(1, rows, 6);
        double[,] second = Draw.Normal(2, rows, 6);
        TermValues composed = TermValues.Of(options with { Evaluation = KernelEvaluation.Composed }, first, second);
        composed.AssertNear(TermValues.Of(options with { Evaluation = KernelEvaluation.Auto }, first, second), 1e-12);
        composed.AssertNear(TermValues.Of(options with { Evaluation = KernelEvaluation.Fused }, first, second), 1e-12);
    }
}
