using ErLoss.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

internal sealed class SimClrTests : TensorTests
{
    [TestCase(1, 2, 0.5)]
    [TestCase(7, 5, 0.1)]
    [TestCase(16, 3, 1)]
    public void The_native_loss_is_that_of_a_plain_recomputation(int count, int dimension, double temperature)
    {
        Tensor first = randn(count, dimension, ScalarType.Float64), second = randn(count, dimension, ScalarType.Float64);
        double loss = SimClr.NormalizedTemperatureCrossEntropy(first, second, temperature).ToDouble();
        Assert.That(loss, Finite.Near(Recompute(first, second, temperature), 1e-12));
    }

    [TestCase(2)]
    [TestCase(10)]
    public void The_method_s_native_loss_has_the_inverse_of_kappa_as_its_temperature(double kappa)
    {
        using TwoViewMethod method = TwoViewMethodTests.Create("simclr", Objective.Native, $"kappa={kappa}");
        ViewBatch batch = TwoViewMethodTests.Batch();
        Tensor[] projections = TwoViewMethodTests.Projections(method, batch).to(ScalarType.Float64).chunk(2);
        Assert.That(method.call(batch).Loss.ToDouble(), Finite.Near(Recompute(projections[0], projections[1], 1 / kappa), 1e-4));
    }

    [Test]
    public void The_gradient_of_the_native_loss_is_that_of_finite_differences()
    {
        Tensor first = randn(5, 3, ScalarType.Float64), second = randn(5, 3, ScalarType.Float64);
        GradientAssert.Agree(
            x => SimClr.NormalizedTemperatureCrossEntropy(x, second, 0.2), first, x => Recompute(x, second, 0.2));
    }

    private static double Recompute(Tensor first, Tensor second, double temperature)
    {
        int count = (int)first.shape[0];
        double[][] rows = [.. Enumerable.Range(0, 2 * count).Select(i => Direction((i < count ? first[i] : second[i - count]).data<double>().ToArray()))];
        double sum = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            double[] logits = [.. rows.Select(row => row.Zip(rows[i], (x, y) => x * y).Sum() / temperature)];
            double others = Enumerable.Range(0, rows.Length).Where(j => j != i).Sum(j => Math.Exp(logits[j]));
            sum += Math.Log(others) - logits[(i + count) % rows.Length];
        }
        return sum / rows.Length;
    }

    private static double[] Direction(double[] row)
    {
        double norm = Math.Sqrt(row.Sum(x => x * x));
        return [.. row.Select(x => x / norm)];
    }
}
