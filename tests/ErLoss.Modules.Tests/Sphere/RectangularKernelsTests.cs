using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

public class RectangularKernelsTests
{
    // (rows, columns, place of the rows among the columns, whether they are left out of their own estimates)
    [TestCase(7, 50, null, false, 10)]
    [TestCase(7, 50, 20, false, 10)]
    [TestCase(7, 50, 20, true, 10)]
    [TestCase(60, 60, 0, false, 10)]
    [TestCase(60, 60, 0, true, 10)]
    [TestCase(1, 1, null, false, 10)]
    [TestCase(1, 1, 0, false, 10)]
    [TestCase(300, 7000, 6000, false, 2000)]
    [TestCase(300, 7000, 6000, true, 2000)]
    public void AgreesWithPlainOperations(int n, int m, int? own, bool leaveOneOut, double kappa)
    {
        using var scope = NewDisposeScope();
        foreach (EntropyEstimator estimator in Enum.GetValues<EntropyEstimator>())
        {
            random.manual_seed(n + m);
            Tensor columns = nn.functional.normalize(randn(m, 5, ScalarType.Float64), dim: 1);
            Tensor rows = own is int at ? columns[at..(at + n)].clone() : 2 * randn(n, 5, ScalarType.Float64);
            Tensor Plain(Tensor z, Tensor y, Tensor k)
            {
                Tensor exponents = k * z.mm(y.t());
                if (own is int at && leaveOneOut)
                {
                    exponents[.., at..(at + n)].diagonal().fill_(double.NegativeInfinity);
                }
                Tensor l = logsumexp(exponents, 1) - Math.Log(leaveOneOut ? m - 1 : m);
                return estimator == EntropyEstimator.Joe ? -l.mean() : -(l.softmax(0) * l).sum();
            }
            double[][] plain = Run(rows, columns, kappa, Plain);
            double[][] fused = Run(rows, columns, kappa, (z, y, k) => FusedKernelEntropy.Relative(z, y, new Concentration(k), estimator, own, leaveOneOut).Entropy);
            for (int i = 0; i < plain.Length; i++)
            {
                double scale = Math.Max(1, plain[i].Max(Math.Abs));
                Assert.That(fused[i], Is.EqualTo(plain[i]).AsCollection.Within(1e-10 * scale), $"{estimator}, output {i}");
            }
        }
    }

    [Test]
    public void ColumnsThatNeedNoGradientGetNone()
    {
        using var scope = NewDisposeScope();
        Tensor rows = randn(4, 3).requires_grad_(), columns = randn(9, 3);
        FusedKernelEntropy.Relative(rows, columns, new Concentration(5), EntropyEstimator.Joe, null).Entropy.backward();
        Assert.That(rows.grad, Is.Not.Null);
        Assert.That(columns.requires_grad, Is.False);
    }

    private static double[][] Run(Tensor rows, Tensor columns, double kappa, Func<Tensor, Tensor, Tensor, Tensor> entropy)
    {
        Tensor z = rows.clone().requires_grad_(), y = columns.clone().requires_grad_(), k = tensor(kappa, requires_grad: true);
        Tensor value = entropy(z, y, k);
        value.backward();
        return [[value.item<double>()], z.grad!.data<double>().ToArray(), y.grad!.data<double>().ToArray(), [k.grad!.item<double>()]];
    }
}
