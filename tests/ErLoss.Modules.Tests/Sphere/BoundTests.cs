using TorchSharp;

namespace ErLoss.Modules.Tests;

/// <summary>
/// The bound where the information is known: 256 rows drawn from 2,000 directions, both views equal, have log 2,000 = 7.60 nats in common. The plain
/// estimate stays below; leave-one-out, which estimates a cross-entropy, does not.
/// </summary>
public class BoundTests : TensorTests
{
    private const int Rows = 256, Directions = 2000, Dimension = 128;

    private static readonly double s_information = Math.Log(Directions), s_ceiling = Math.Log(Rows);

    [TestCase(5, 4.44, 4.84)]
    [TestCase(10, 5.42, 8.98)]
    [TestCase(20, 5.44, 16.49)]
    [TestCase(50, 5.44, 36.92)]
    public void IsThePlainEstimatesWhetherRowsAreLeftOutOrNot(double kappa, double plain, double leaveOneOut)
    {
        foreach (KernelEvaluation evaluation in (KernelEvaluation[])[KernelEvaluation.Fused, KernelEvaluation.Composed])
        {
            var options = new EntropyReconstructionOptions { Kappa = kappa, Estimator = EntropyEstimator.Joe, Evaluation = evaluation };
            TermValues kept = Terms(options), left = Terms(options with { LeaveOneOut = true });
            Assert.That(kept.MutualInformationBound, Is.EqualTo(plain).Within(0.1).And.LessThan(s_ceiling));
            Assert.That(kept.MutualInformationBound, Is.EqualTo(kept.Entropy - kept.Reconstruction).Within(1e-10));
            Assert.That(left.MutualInformationBound, Is.EqualTo(kept.MutualInformationBound).Within(1e-10), "beside leave-one-out");
            Assert.That(left.Entropy - left.Reconstruction, Is.EqualTo(leaveOneOut).Within(5).Percent.And.EqualTo(-left.Loss).Within(1e-10));
            Assert.That(left.Entropy - left.Reconstruction > s_information, Is.EqualTo(kappa >= 10), "no bound from κ = 10 on");
        }
    }

    // Rows that share their direction with none, of a law that is smooth where the kernel looks: there leave-one-out is accurate, and the plain estimate is not.
    [Test]
    public void LeaveOneOutIsAccurateForASmoothLaw()
    {
        double[,] rows = Draw.UnitRows(1, 1024, Dimension);
        double uniform = VonMisesFisher.Entropy(Dimension, 1e-6);
        double Entropy(bool leaveOneOut) =>
            EntropyReconstruction.entropy(rows.ToTensor(), 10, estimator: EntropyEstimator.Joe, leaveOneOut: leaveOneOut, normalizeInputs: false).ToDouble();
        Assert.That(Entropy(leaveOneOut: true), Is.EqualTo(uniform).Within(0.05));
        Assert.That(Entropy(leaveOneOut: false), Is.EqualTo(uniform - 2.75).Within(0.05));
    }

    private static TermValues Terms(EntropyReconstructionOptions options)
    {
        double[,] directions = Draw.UnitRows(1, Directions, Dimension);
        var random = new Random(2);
        int[] drawn = [.. Enumerable.Range(0, Rows).Select(_ => random.Next(Directions))];
        double[,] rows = Matrix.Create(Rows, Dimension, (i, c) => directions[drawn[i], c]);
        return TermValues.Of(options, rows, rows);
    }
}
