using ErLoss.Modules;
using ErLoss.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

internal sealed class DiscreteHeadTests : TensorTests
{
    [Test]
    public void Swapped_cross_entropy_is_that_of_a_plain_recomputation()
    {
        Tensor target1 = Distributions(), target2 = Distributions(), logits1 = Logits(), logits2 = Logits();
        double expected = (CrossEntropy(target1, logits2) + CrossEntropy(target2, logits1)) / 2;
        Assert.That(DiscreteHead.SwappedCrossEntropy(target1, logits1, target2, logits2).ToDouble(), Finite.Near(expected, 1e-12));
    }

    [Test]
    public void The_gradient_of_swapped_cross_entropy_is_that_of_finite_differences()
    {
        Tensor target1 = Distributions(), target2 = Distributions(), logits2 = Logits();
        GradientCheck.Agree(x => DiscreteHead.SwappedCrossEntropy(target1, x, target2, logits2), Logits());
        GradientCheck.Agree(x => DiscreteHead.SwappedCrossEntropy(target1, logits2, target2, x), Logits());
    }

    [TestCase(EntropyEstimator.PlugIn)]
    [TestCase(EntropyEstimator.Joe)]
    public void The_marginal_s_entropy_is_that_of_a_plain_recomputation_and_so_is_its_gradient(EntropyEstimator estimator)
    {
        Tensor logits1 = Logits(), logits2 = Logits();
        double expected = (Entropy(logits1, estimator) + Entropy(logits2, estimator)) / 2;
        Assert.That(DiscreteHead.MarginalEntropy(logits1, logits2, estimator).ToDouble(), Finite.Near(expected, 1e-12));
        GradientCheck.Agree(x => DiscreteHead.MarginalEntropy(x, logits2, estimator), logits1);
    }

    private static Tensor Logits() => 2 * randn(5, 4, ScalarType.Float64);

    private static Tensor Distributions() => nn.functional.softmax(Logits(), 1);

    private static double CrossEntropy(Tensor target, Tensor logits)
    {
        double sum = 0;
        for (int i = 0; i < 5; i++)
        {
            double[] row = Row(logits, i), weights = Row(target, i);
            double normalizer = Math.Log(row.Sum(Math.Exp));
            sum -= row.Zip(weights, (x, w) => w * (x - normalizer)).Sum();
        }
        return sum / 5;
    }

    private static double Entropy(Tensor logits, EntropyEstimator estimator)
    {
        var marginal = new double[4];
        for (int i = 0; i < 5; i++)
        {
            double[] row = Row(logits, i);
            double normalizer = row.Sum(Math.Exp);
            for (int j = 0; j < 4; j++)
            {
                marginal[j] += Math.Exp(row[j]) / normalizer / 5;
            }
        }
        return estimator == EntropyEstimator.Joe ? -marginal.Average(Math.Log) : -marginal.Sum(p => p * Math.Log(p));
    }

    private static double[] Row(Tensor matrix, int row) => matrix[row].contiguous().data<double>().ToArray();
}
