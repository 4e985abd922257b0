using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>κ learnt on pairs from a known von Mises–Fisher mixture goes where a search over κ finds the least loss.</summary>
public class LearntKappaSearchTests : TensorTests
{
    private const int Pairs = 240, Components = 8, Dimension = 8;
    private const double MixtureKappa = 30;

    // Steps of 12%.
    private static readonly double[] Grid = [.. Enumerable.Range(0, 101).Select(i => Math.Pow(10, -1 + i / 20.0))]; // 0.1 to 10,000

    [Test]
    public void FromABadStartKappaReachesTheBestOfTheGrid(
        [Values(0.5, 500)] double start, [Values(KernelEvaluation.Composed, KernelEvaluation.Fused)] KernelEvaluation evaluation)
    {
        (Tensor first, Tensor second) = MixturePairs();
        var options = new EntropyReconstructionOptions
        {
            Kappa = start,
            LearnKappa = true,
            Estimator = EntropyEstimator.Joe,
            Evaluation = evaluation,
        };
        double best = Grid.MinBy(kappa => LossAt(options with { Kappa = kappa, LearnKappa = false }, first, second));
        using var loss = new EntropyReconstructionLoss(options);
        using optim.Optimizer optimizer = optim.Adam(loss.parameters(), lr: 0.1, beta2: 0.9);
        for (int step = 0; step < 140; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            loss.call(first, second).backward();
            optimizer.step();
        }
        Assert.That(best, Is.InRange(1, 200), "a best κ at the grid's edge would tell nothing");
        Assert.That(loss.Kappa, Is.EqualTo(best).Within(7).Percent);
    }

    [Test]
    public void ATrainingRunGivesTheSameCurveWithEitherEvaluation([Values] EntropyEstimator estimator)
    {
        double[] composed = Curve(KernelEvaluation.Composed, estimator), fused = Curve(KernelEvaluation.Fused, estimator);
        Assert.That(composed[^1], Is.Not.NaN.And.LessThan(composed[0] - 0.1));
        Assert.That(fused, Is.EqualTo(composed).Within(1e-4));
    }

    private static double[] Curve(KernelEvaluation evaluation, EntropyEstimator estimator)
    {
        manual_seed(1);
        using nn.Module<Tensor, Tensor> encoder = nn.Sequential(nn.Linear(Dimension, 32), nn.ReLU(), nn.Linear(32, 16));
        using var loss = new EntropyReconstructionLoss(
            new EntropyReconstructionOptions { LearnKappa = true, Estimator = estimator, Evaluation = evaluation });
        using optim.Optimizer optimizer = optim.SGD(encoder.parameters().Concat(loss.parameters()), 0.1);
        (Tensor first, Tensor second) = MixturePairs();
        (first, second) = (first.to(ScalarType.Float32), second.to(ScalarType.Float32));
        var curve = new double[30];
        for (int step = 0; step < curve.Length; step++)
        {
            using var scope = NewDisposeScope();
            Tensor value = loss.call(encoder.call(first), encoder.call(second));
            optimizer.zero_grad();
            value.backward();
            optimizer.step();
            curve[step] = value.ToDouble();
        }
        return curve;
    }

    private static double LossAt(EntropyReconstructionOptions options, Tensor first, Tensor second)
    {
        using var scope = NewDisposeScope();
        using var loss = new EntropyReconstructionLoss(options);
        return loss.call(first, second).ToDouble();
    }

    /// <summary>Two draws from the component that a pair belongs to, whose mean direction is random.</summary>
    private static (Tensor First, Tensor Second) MixturePairs()
    {
        double[,] means = Draw.UnitRows(1, Components, Dimension);
        double[,] meanOfPair = Matrix.Create(Pairs, Dimension, (row, column) => means[row % Components, column]);
        return (
            VonMisesFisherSampler.Draw(2, meanOfPair, MixtureKappa).ToTensor(),
            VonMisesFisherSampler.Draw(3, meanOfPair, MixtureKappa).ToTensor());
    }
}
