using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>How pairwise terms are computed.</summary>
public class EvaluationTests : TensorTests
{
    [Test]
    public void AutoAndComposedGiveTheSame([Values] Support support, [Values] EntropyEstimator estimator, [Values] bool leaveOneOut)
    {
        var options = new EntropyReconstructionOptions { Support = support, Estimator = estimator, LeaveOneOut = leaveOneOut };
        double[,] first = Draw.Normal(1, 20, 6);
        double[,] second = Draw.Normal(2, 20, 6);
        TermValues.Of(options with { Evaluation = Evaluation.Composed }, first, second)
            .AssertNear(TermValues.Of(options with { Evaluation = Evaluation.Auto }, first, second), 1e-12);
    }

    [Test]
    public void FusedIsNotSupportedYetOnTheSphere()
    {
        using Tensor rows = ones(3, 3);
        Assert.That(() => EntropyReconstruction.entropy(rows, evaluation: Evaluation.Fused), Throws.TypeOf<NotSupportedException>());
    }
}
