using ErLoss.Modules;
using ErLoss.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

/// <summary>On the sphere a run leaves the own kernels out of the entropy unless it is told to keep them or learns κ; what it calls a bound is one all the same.</summary>
internal sealed class OwnKernelTests : TensorTests
{
    [TestCase("", true)]
    [TestCase("keep_own", false)]
    [TestCase("learn_kappa", false)]
    [TestCase("method=byol", true)]
    [TestCase("method=byol keep_own", false)]
    [TestCase("objective=native", true)]
    public void The_own_kernel_is_left_out_unless_it_is_kept_or_kappa_is_learnt(string line, bool isLeftOut)
    {
        using TwoViewMethod method = Create(line);
        ViewBatch batch = TwoViewMethodTests.Batch();
        Tensor[] projections = TwoViewMethodTests.Projections(method, batch).chunk(2);
        double Mean(bool leaveOneOut) => projections.Average(view => EntropyReconstruction.entropy(view, estimator: EntropyEstimator.Joe, leaveOneOut: leaveOneOut).ToDouble());
        double entropy = method.call(batch).Entropy.ToDouble();
        Assert.That(entropy, Finite.Near(Mean(isLeftOut), 1e-4));
        Assert.That(Mean(true) - Mean(false), Finite.GreaterThan(1e-2), "the two are to be told apart");
    }

    /// <summary>
    /// Both views are the same 256 of 2,000 directions, so that their mutual information is log 2,000 = 7.60 nats. The figures are those of an independent computation; without the own kernels
    /// entropy − reconstruction is above the information from κ = 10 on.
    /// </summary>
    [TestCase(5, 4.44, 4.84)]
    [TestCase(10, 5.42, 8.98)]
    [TestCase(20, 5.44, 16.49)]
    [TestCase(50, 5.44, 36.92)]
    public void The_bound_is_that_of_the_plain_estimate_and_the_difference_of_the_loss_s_terms_is_no_bound(double kappa, double plain, double difference)
    {
        Tensor directions = nn.functional.normalize(randn(2000, 128, ScalarType.Float64), dim: 1);
        Tensor rows = directions.index_select(0, randint(0, 2000, [256], dtype: ScalarType.Int64));
        using var loss = new EntropyReconstructionLoss(((SimClrSettings)Given.Settings($"kappa={kappa}").Method).Loss.Options());
        EntropyReconstructionTerms terms = loss.terms(rows, rows);
        double bound = PlainEstimate.Bound(loss, terms, rows, rows).ToDouble();

        Tensor exponents = kappa * rows.mm(rows.t());
        double recomputed = kappa + Math.Log(256) - exponents.logsumexp(1).mean().ToDouble(); // log(e^L + e^κ), L the log-sum over the others
        Assert.Multiple(() =>
        {
            Assert.That(bound, Finite.Near(recomputed, 1e-9));
            Assert.That(bound, Finite.Near(plain, 0.05));
            Assert.That(bound, Finite.LessThan(Math.Log(256)));
            Assert.That((terms.Entropy - terms.Reconstruction).ToDouble(), Finite.Near(difference, 0.25 * difference));
            Assert.That((terms.Entropy - terms.Reconstruction).ToDouble() > Math.Log(2000), Is.EqualTo(kappa >= 10));
        });
    }

    private static TwoViewMethod Create(string line) =>
        Given.Settings($"{line} hidden_dimension=16 projection_dimension=12").Method.Create(() => new ErLoss.SelfSupervised.Encoders.ConvNet(), 32);
}
