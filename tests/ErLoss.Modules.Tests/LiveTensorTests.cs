using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>A call leaves its results alive and no other tensor.</summary>
public class LiveTensorTests
{
    [TestCaseSource(typeof(Combinations), nameof(Combinations.Cases))]
    public void ForwardLeavesOneAndTermsLeaveFour(EntropyReconstructionOptions options)
    {
        using Tensor first = Draw.InputsOf(options, 1, 4, 3).ToLeaf(ScalarType.Float32);
        using Tensor second = Draw.InputsOf(options, 2, 4, 3).ToTensor(ScalarType.Float32);
        using var loss = new EntropyReconstructionLoss(options);
        AssertLeaves(1, () => loss.forward(first, second));
        AssertLeaves(1, () => loss.call(first, second));
        AssertLeaves(4, () => loss.terms(first, second));
    }

    [Test]
    public void TermsOfViewsLeaveFour([ValueSource(typeof(ViewCase), nameof(ViewCase.All))] object views, [Values] Support support, [Values] bool normalizeInputs)
    {
        var options = new EntropyReconstructionOptions { Support = support, NormalizeInputs = normalizeInputs, LeaveOneOut = true };
        var form = (ViewCase)views;
        using var loss = new EntropyReconstructionLoss(options);
        Tensor[] leaves = [.. form.Leaves(options).Select(leaf => leaf.ToLeaf())], targets = [.. form.DrawTargets(options).Select(target => target.ToTensor())];
        ProjectedViews given = form.Views(leaves, targets);
        AssertLeaves(4, () => loss.terms(given));
        foreach (Tensor tensor in leaves.Concat(targets))
        {
            tensor.Dispose();
        }
    }

    [Test]
    public void TermsOfRowsThatCountByWeightsMaskAndLabelsLeaveFour([Values] Support support, [Values] bool normalizeInputs, [Values(nn.Reduction.None, nn.Reduction.Mean)] nn.Reduction reduction)
    {
        bool isSphere = support == Support.Sphere;
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions
        {
            Support = support,
            Estimator = isSphere ? EntropyEstimator.Joe : EntropyEstimator.PlugIn,
            NormalizeInputs = normalizeInputs,
            Reduction = reduction,
            ReconstructionKappa = isSphere ? 5 : null,
            LearnReconstructionKappa = isSphere,
            MaxKappa = isSphere ? 6 : null,
        });
        using Tensor rows = Draw.Probabilities(1, 4, 3).ToLeaf(), weights = tensor(new[] { 1, 0, 0.5, 2 }), mask = tensor(new[] { true, true, false, true });
        using Tensor labels = tensor(new long[] { 1, 2, 2, 1 }), ids = tensor(new long[] { 5, 5, 6, 7 }), further = Draw.Probabilities(2, 3, 3).ToTensor();
        AssertLeaves(4, () => loss.terms(new ProjectedViews(rows, rows)
        {
            Weights = weights,
            Mask = mask,
            Labels = labels,
            Ids = isSphere ? ids : null,
            Centers = isSphere ? [] : [new Centers(further)],
        }));
        AssertLeaves(1, () => EntropyReconstruction.entropy(rows, support: support, weights: weights, mask: mask, centers: isSphere ? null : new Centers(further)));
        AssertLeaves(1, () => EntropyReconstruction.reconstruction(rows, rows, support: support, weights: weights, mask: mask));
    }

    [Test]
    public void FunctionalFormLeavesOne(
        [Values] Support support,
        [Values] EntropyEstimator estimator,
        [Values] Normalizer normalizer,
        [Values(ScalarType.Float16, ScalarType.Float32)] ScalarType dtype,
        [Values] bool normalizeInputs)
    {
        using Tensor rows = Draw.Probabilities(1, 4, 3).ToTensor(dtype);
        AssertLeaves(1, () => EntropyReconstruction.entropy(rows, 10, support, estimator, normalizer, normalizeInputs: normalizeInputs));
        AssertLeaves(1, () => EntropyReconstruction.entropy(rows, 10, support, estimator, normalizer, leaveOneOut: true, normalizeInputs: normalizeInputs));
        AssertLeaves(1, () => EntropyReconstruction.reconstruction(rows, rows, 10, support, normalizer, normalizeInputs: normalizeInputs));
    }

    [Test]
    public void ShortTypesLeaveNoConvertedCopy([Values] Support support)
    {
        using Tensor rows = Draw.Normal(1, 4, 3).ToTensor(ScalarType.BFloat16);
        using var loss = new EntropyReconstructionLoss(support: support);
        AssertLeaves(1, () => loss.call(rows, rows));
        AssertLeaves(4, () => loss.terms(rows, rows));
    }

    [Test]
    public void RefusedArgumentsLeaveNothing()
    {
        using Tensor rows = ones(4, 3);
        using Tensor others = ones(5, 3);
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { LearnKappa = true });
        AssertThrowsAndLeavesNothing<ArgumentException>(() => loss.call(rows, others));
        AssertThrowsAndLeavesNothing<ArgumentException>(() => loss.terms(rows, others));
        AssertThrowsAndLeavesNothing<ArgumentException>(() => EntropyReconstruction.entropy(rows, -1));
        AssertThrowsAndLeavesNothing<ArgumentException>(() => EntropyReconstruction.reconstruction(rows, others));
    }

    // A learnt κ that has left the numbers is found in the midst of the computation.
    [Test]
    public void FailureMidwayLeavesNothing()
    {
        using Tensor rows = Draw.Normal(1, 4, 3).ToTensor(ScalarType.Float16);
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { LearnKappa = true });
        using (no_grad())
        {
            loss.get_parameter("log_kappa")!.fill_(1000);
        }
        AssertThrowsAndLeavesNothing<ArgumentException>(() => loss.call(rows, rows));
        AssertThrowsAndLeavesNothing<ArgumentException>(() => loss.terms(rows, rows));
    }

    [Test]
    public void MakingAndDisposingAModuleLeavesNothing([Values] bool learnKappa, [Values] bool inScope)
    {
        long before = LiveTensors.Count;
        using (inScope ? NewDisposeScope() : null)
        {
            using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { LearnKappa = learnKappa });
            Assert.That(LiveTensors.Count - before, Is.EqualTo(learnKappa ? 1 : 0));
            Assert.That(loss.Kappa, Is.EqualTo(10).Within(1e-14));
            Assert.That(LiveTensors.Count - before, Is.EqualTo(learnKappa ? 1 : 0));
        }
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }

    [Test]
    public void RefusedOptionsLeaveNothing() => AssertThrowsAndLeavesNothing<ArgumentException>(
        () => _ = new EntropyReconstructionLoss(new EntropyReconstructionOptions { LearnKappa = true, EntropyWeight = -1 }));

    // As TorchSharp's own modules: parameters outlive a dispose scope that the module happens to be made in.
    [Test]
    public void ModuleOutlivesTheScopeItIsMadeIn()
    {
        EntropyReconstructionLoss loss;
        using (NewDisposeScope())
        {
            loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { LearnKappa = true, Kappa = 5 });
        }
        using (loss)
        {
            Assert.That(loss.Kappa, Is.EqualTo(5).Within(1e-14));
        }
    }

    private static void AssertLeaves(int count, Func<IDisposable> call)
    {
        long before = LiveTensors.Count;
        using (call())
        {
            Assert.That(LiveTensors.Count - before, Is.EqualTo(count), "without a scope");
        }
        Assert.That(LiveTensors.Count, Is.EqualTo(before), "after disposal");

        using (DisposeScope scope = NewDisposeScope())
        {
            call();
            Assert.That(LiveTensors.Count - before, Is.EqualTo(count), "within a scope");
            Assert.That(scope.DisposablesCount, Is.EqualTo(count), "left to the scope");
        }
        Assert.That(LiveTensors.Count, Is.EqualTo(before), "after the scope");
    }

    private static void AssertThrowsAndLeavesNothing<T>(Action call)
        where T : Exception
    {
        long before = LiveTensors.Count;
        Assert.That(() => call(), Throws.InstanceOf<T>());
        Assert.That(LiveTensors.Count, Is.EqualTo(before), "without a scope");
        using DisposeScope scope = NewDisposeScope();
        Assert.That(() => call(), Throws.InstanceOf<T>());
        Assert.That(LiveTensors.Count, Is.EqualTo(before), "within a scope");
    }
}
