using ErLoss.Modules;
using ErLoss.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

/// <summary>On the sphere a run leaves the own kernels out of the entropy unless it is told to keep them or learns κ.</summary>
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

    private static TwoViewMethod Create(string line) =>
        Given.Settings($"{line} hidden_dimension=16 projection_dimension=12").Method.Create(() => new ErLoss.SelfSupervised.Encoders.ConvNet(), 32);
}
