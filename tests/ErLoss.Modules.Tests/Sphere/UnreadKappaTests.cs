using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>
/// A learnt κ whose value the host does not read, as on a GPU, computed on the CPU: entropy, gradient and κ's gradient are those of κ as a
/// number.
/// </summary>
public class UnreadKappaTests : TensorTests
{
    public enum Form { Fused, Composed }

    [Test]
    public void AgreesWithTheTruth(
        [Values] Form form,
        [Values(0.5, 10, 100, 1000)] double kappa,
        [Values] EntropyEstimator estimator,
        [Values] bool leaveOneOut,
        [Values(ScalarType.Float32, ScalarType.Float64)] ScalarType dtype)
    {
        Tensor rows = TangentialErrorTests.Make(TangentialErrorTests.Rows.ClusterAndOpposite, 150, 32).to(dtype);
        var truth = new TangentialTruth(rows, kappa, estimator, leaveOneOut);
        Tensor x = rows.clone().requires_grad_(), learnt = tensor(kappa, ScalarType.Float64, requires_grad: true);
        Tensor z = nn.functional.normalize(x, dim: 1);
        var concentration = new Concentration(learnt, isRead: false);
        Assert.That(concentration.Value, Is.Null);
        var settings = new KernelSettings(concentration, estimator, leaveOneOut, UnitRows: true) { WithPlain = true };
        KernelEstimates estimates = form == Form.Fused ? Kernels.Fused(z, settings) : Kernels.Composed(z, settings);
        Tensor entropy = estimates.Entropy;
        entropy.backward();

        double rounding = dtype == ScalarType.Float64 ? 1e-14 : 1e-6;
        TermValues.AssertNear(entropy.ToDouble(), truth.Entropy, rounding * (10 + kappa), "entropy");
        Assert.That(estimates.Plain is not null, Is.EqualTo(leaveOneOut), "the plain estimate is apart where rows are left out");
        if (estimates.Plain is { } plain)
        {
            Assert.That(plain.requires_grad, Is.False);
            double plainTruth = new TangentialTruth(rows, kappa, estimator, leaveOneOut: false).Entropy;
            TermValues.AssertNear(plain.ToDouble(), plainTruth, rounding * (10 + kappa), "plain estimate");
        }
        Assert.That(truth.Error(x.grad!), Is.LessThan(rounding * (10 + kappa)));
        double Value(double at) => new TangentialTruth(rows, at, estimator, leaveOneOut).Entropy;
        double step = 1e-4 * kappa, slope = (Value(kappa + step) - Value(kappa - step)) / (2 * step);
        Assert.That(learnt.grad!.ToDouble(), Is.EqualTo(slope).Within(1e-6 + rounding * (10 + kappa)), "κ's gradient");
    }

    [Test]
    public void ItsNormaliserIsTheDevices([Values] Normalizer normalizer)
    {
        Tensor learnt = tensor(7.0, ScalarType.Float64, requires_grad: true);
        Tensor value = new Concentration(learnt, isRead: false).LogNormalizer(16, normalizer, CPU);
        value.backward();
        Tensor read = tensor(7.0, ScalarType.Float64, requires_grad: true);
        Tensor hosts = new Concentration(read).LogNormalizer(16, normalizer, CPU);
        hosts.backward();
        TermValues.AssertNear(value.ToDouble(), hosts.ToDouble(), 1e-12, "log C");
        TermValues.AssertNear(learnt.grad!.ToDouble(), read.grad!.ToDouble(), 1e-12, "slope");
    }

    [Test]
    public void OnTheCpuItIsReadAndChecked()
    {
        Assert.That(new Concentration(tensor(3.0, ScalarType.Float64)).Value, Is.EqualTo(3));
        Assert.That(() => new Concentration(tensor(double.PositiveInfinity, ScalarType.Float64)), Throws.TypeOf<ArgumentOutOfRangeException>());
    }
}
