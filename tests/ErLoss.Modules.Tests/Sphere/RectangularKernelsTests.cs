using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

public class RectangularKernelsTests : TensorTests
{
    // (rows, centres, whether the centres are the rows, bytes that may be kept)
    [TestCase(7, 50, false, null, 10)]
    [TestCase(7, 50, false, 0, 10)]
    [TestCase(60, 60, true, null, 10)]
    [TestCase(60, 60, true, null, 700)]
    [TestCase(1, 1, false, null, 10)]
    [TestCase(300, 7000, false, null, 2000)]
    [TestCase(300, 7000, false, 0, 10)]
    public void AgreesWithPlainOperations(int n, int m, bool areRows, long? budget, double kappa)
    {
        random.manual_seed(n + m);
        Tensor centers = nn.functional.normalize(randn(m, 5, ScalarType.Float64), dim: 1);
        Tensor rows = areRows ? centers.clone() : nn.functional.normalize(randn(n, 5, ScalarType.Float64), dim: 1) * (kappa > 100 ? 1 : 2);
        Tensor weights = rand(m, ScalarType.Float64), slopes = randn(n, ScalarType.Float64), ids = randint(0, 4, n), centerIds = areRows ? ids : randint(0, 4, m);
        foreach (bool isWeighted in (bool[])[false, true])
        {
            foreach (bool haveIds in (bool[])[false, true])
            {
                var how = new KernelCenters(isWeighted ? weights : null, haveIds ? centerIds : null, haveIds ? ids : null, areRows);
                Tensor z = rows.clone().requires_grad_(), y = centers.clone().requires_grad_();
                Tensor exponents = kappa * z.mm(y.t()) + (isWeighted ? weights.log() : zeros(m, ScalarType.Float64));
                exponents = haveIds ? exponents.masked_fill(ids.unsqueeze(1).eq(centerIds), double.NegativeInfinity) : exponents;
                exponents = areRows ? exponents.masked_fill(eye(n, dtype: ScalarType.Bool), double.NegativeInfinity) : exponents;
                Tensor plain = logsumexp(exponents, 1), counts = plain.detach().isfinite();
                plain.masked_fill(counts.logical_not(), 0).dot(slopes).backward();

                var settings = new KernelSettings(new Concentration(kappa), EntropyEstimator.Joe, LeaveOneOut: true, UnitRows: kappa > 100) { Budget = budget };
                var kernels = new RectangularKernels(rows, centers, how, settings, forRows: true, forCenters: true);
                Tensor logSums = kernels.LogSums();
                string name = $"weights {isWeighted}, ids {haveIds}";
                Assert.That(logSums.data<double>().ToArray(), Is.EqualTo(plain.data<double>().ToArray()).AsCollection.Within(1e-10 * kappa), name);
                logSums = logSums.masked_fill(counts.logical_not(), double.PositiveInfinity);
                if (counts.all().item<bool>() || !haveIds)
                {
                    Assert.That(RelativeError.Of(kernels.RowGradient(slopes, logSums), z.grad!), Is.LessThan(1e-10), name);
                    Assert.That(RelativeError.Of(kernels.CenterGradient(slopes, logSums), y.grad!), Is.LessThan(1e-10), name);
                }
            }
        }
    }

    [Test]
    public void CentersThatNeedNoGradientGetNone()
    {
        using var loss = new EntropyReconstructionLoss();
        Tensor rows = randn(600, 3).requires_grad_(), centers = randn(9, 3);
        loss.terms(new ProjectedViews(rows, rows) { Centers = [new(centers)] }).Loss.backward();
        Assert.That(rows.grad, Is.Not.Null);
        Assert.That(centers.grad, Is.Null);
    }
}
