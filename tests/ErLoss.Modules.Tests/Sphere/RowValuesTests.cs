using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>The values of rows in the fused evaluation, whose gradient is computed in the backward pass.</summary>
internal sealed class RowValuesTests : TensorTests
{
    private const int K = 7, D = 3;

    // In float64; central differences of fourth order along a random direction of all leaves.
    [Test]
    public void GradientsAreThoseOfTheComposedFormAndOfTheValues(
        [ValueSource(typeof(KernelFormTests), nameof(KernelFormTests.Cases))] KernelCase form, [Values] bool leaveOneOut, [Values] bool normalizeInputs)
    {
        Tensor[] leaves = form.Centers is { } centers ? [Draw.Normal(5, K, D).ToLeaf(), centers.ToLeaf()] : [Draw.Normal(5, K, D).ToLeaf()];
        Tensor upstream = Draw.Normal(6, K, 1).ToTensor().view(K);
        (Tensor Values, Tensor[] Gradients) Run(KernelEvaluation evaluation)
        {
            using EntropyReconstructionLoss loss = Make(4, leaveOneOut, evaluation, normalizeInputs);
            Tensor values = Values(loss);
            return (values, [.. autograd.grad([values.dot(upstream)], [.. leaves, .. loss.parameters()])]);
        }
        Tensor Values(EntropyReconstructionLoss loss) => loss.terms(form.Views([leaves[0], leaves[0]], leaves.ElementAtOrDefault(1))).Entropy;
        (Tensor values, Tensor[] gradients) = Run(KernelEvaluation.Fused);
        (Tensor composedValues, Tensor[] composedGradients) = Run(KernelEvaluation.Composed);
        AssertNear(values, composedValues, 1e-12);
        Assert.That(gradients, Has.Length.EqualTo(composedGradients.Length));
        for (int i = 0; i < gradients.Length; i++)
        {
            AssertNear(gradients[i], composedGradients[i], 1e-12);
        }

        if (form.Ids is null)
        {
            (Tensor attended, Tensor[] attendedGradients) = Run(KernelEvaluation.Attention);
            AssertNear(attended, composedValues, 1e-12);
            foreach ((Tensor gradient, Tensor expected) in attendedGradients.Zip(composedGradients))
            {
                AssertNear(gradient, expected, 1e-12);
            }
        }

        using EntropyReconstructionLoss fused = Make(4, leaveOneOut, KernelEvaluation.Fused, normalizeInputs);
        Tensor[] variables = [.. leaves, .. fused.parameters()], starts = [.. variables.Select(leaf => leaf.detach().clone())];
        Tensor[] directions = [.. variables.Select((leaf, i) => Draw.Normal(90 + i, (int)leaf.numel(), 1).ToTensor().view(leaf.shape))];
        double At(double step)
        {
            using IDisposable noGrad = no_grad();
            for (int i = 0; i < variables.Length; i++)
            {
                variables[i].copy_(starts[i] + step * directions[i]);
            }
            return Values(fused).dot(upstream).ToDouble();
        }
        const double Step = 5e-4;
        double numeric = (8 * (At(Step) - At(-Step)) - (At(2 * Step) - At(-2 * Step))) / (12 * Step);
        TermValues.AssertNear(gradients.Zip(directions, (gradient, direction) => (gradient * direction).sum().ToDouble()).Sum(), numeric, 1e-9, "along the directions");
    }

    // Several bands of tiles; shifts of each row where norms are far apart and with a large κ. In float32 it is as close to the truth as the composed form.
    [Test]
    public void ManyRowsAgreeWithTheComposedForm(
        [Values(FusedKernelEntropyTests.Rows.Random, FusedKernelEntropyTests.Rows.Duplicate, FusedKernelEntropyTests.Rows.NormsFarApart)] FusedKernelEntropyTests.Rows kind,
        [Values(10, 1000)] double kappa,
        [Values] bool leaveOneOut)
    {
        bool normalizeInputs = kind == FusedKernelEntropyTests.Rows.Duplicate;
        Tensor rows = FusedKernelEntropyTests.Make(kind, 300, 16), upstream = Draw.Normal(6, 300, 1).ToTensor().view(300);
        Tensor single = rows.to(ScalarType.Float32), rounded = single.to(ScalarType.Float64);
        (Tensor Values, Tensor Gradient) Run(Tensor given, KernelEvaluation evaluation)
        {
            using EntropyReconstructionLoss loss = Make(kappa, leaveOneOut, evaluation, normalizeInputs, learnKappa: false);
            Tensor leaf = given.detach().clone().requires_grad_(), values = loss.terms(leaf, leaf).Entropy;
            values.backward([upstream.to(values.dtype)]);
            return (values.to(ScalarType.Float64), leaf.grad!.to(ScalarType.Float64));
        }
        (Tensor truth, Tensor gradient) = Run(rounded, KernelEvaluation.Composed);
        (Tensor fused, Tensor fusedGradient) = Run(rounded, KernelEvaluation.Fused);
        AssertNear(fused, truth, 1e-11);
        double size = gradient.norm().ToDouble();
        Assert.That((fusedGradient - gradient).norm().ToDouble(), Is.LessThanOrEqualTo(1e-9 * Math.Max(size, 1)));

        (Tensor coarse, Tensor coarseGradient) = Run(single, KernelEvaluation.Composed);
        (Tensor fast, Tensor fastGradient) = Run(single, KernelEvaluation.Fused);
        double scale = Math.Max(1, truth.abs().max().ToDouble());
        Assert.That((fast - truth).abs().max().ToDouble(), Is.LessThanOrEqualTo((coarse - truth).abs().max().ToDouble() + 1e-5 * scale));
        Assert.That((fastGradient - gradient).norm().ToDouble(), Is.LessThanOrEqualTo((coarseGradient - gradient).norm().ToDouble() + 1e-5 * Math.Max(size, 1)));
    }

    [Test]
    public void RowsThatDoNotCountGetNoGradientWhateverTheyAndTheGradientOfTheirValuesHold([Values] bool leaveOneOut, [Values] bool normalizeInputs)
    {
        using EntropyReconstructionLoss loss = Make(4, leaveOneOut, KernelEvaluation.Fused, normalizeInputs);
        Tensor mask = tensor(new[] { true, true, false, true, true, false, true }), absent = mask.logical_not().unsqueeze(1);
        Tensor rows = Draw.Normal(5, K, D).ToTensor(), upstream = Draw.Normal(6, K, 1).ToTensor().view(K), leaf = rows.masked_fill(absent, double.NaN).requires_grad_();
        loss.terms(new ProjectedViews(leaf, leaf) { Mask = mask }).Entropy.backward([upstream.masked_fill(absent.squeeze(1), double.NaN)]);
        Tensor removed = rows[mask].requires_grad_();
        loss.terms(removed, removed).Entropy.backward([upstream[mask]]);
        Assert.That(leaf.grad![mask.logical_not()].abs().max().ToDouble(), Is.Zero);
        AssertNear(leaf.grad![mask], removed.grad!, 1e-13);
    }

    [Test]
    public void StepsLeaveNothingAlive([Values] bool inScope, [Values] bool leaveOneOut, [Values] bool forCentersAlone)
    {
        Tensor rows = Draw.Normal(1, 20, 4).ToTensor().requires_grad_(!forCentersAlone), centers = Draw.Normal(2, 6, 4).ToLeaf(), upstream = Draw.Normal(3, 20, 1).ToTensor().view(20);
        using EntropyReconstructionLoss loss = Make(10, leaveOneOut, KernelEvaluation.Fused, learnKappa: !leaveOneOut && !forCentersAlone);
        for (int step = 0; step < 3; step++)
        {
            long before = LiveTensors.Count;
            using DisposeScope? scope = inScope ? NewDisposeScope() : null;
            using (EntropyReconstructionTerms terms = loss.terms(new ProjectedViews(rows, rows) { Centers = [new(centers)] }))
            {
                long values = LiveTensors.Count;
                terms.Entropy.backward([upstream], retain_graph: true);
                Assert.That(LiveTensors.Count, Is.EqualTo(values), $"step {step}, backward");
                // With the gradient in the centres alone as well.
                autograd.grad([terms.Entropy], [centers], [upstream])[0].Dispose();
                Assert.That(LiveTensors.Count, Is.EqualTo(values), $"step {step}, grad");
            }
            Assert.That(LiveTensors.Count, Is.EqualTo(before), $"step {step}");
        }
    }

    [Test]
    public void WithoutGradientThereAreOnlyTheValues()
    {
        using EntropyReconstructionLoss loss = Make(10, leaveOneOut: false, KernelEvaluation.Fused, learnKappa: true);
        Tensor rows = Draw.Normal(1, 20, 4).ToLeaf();
        using IDisposable noGrad = no_grad();
        Tensor values = loss.call(rows, rows);
        Assert.That((values.requires_grad, values.shape[0]), Is.EqualTo((false, 20L)));
    }

    [Test]
    public void ASecondDerivativeThrows([Values] bool leaveOneOut)
    {
        using EntropyReconstructionLoss loss = Make(10, leaveOneOut, KernelEvaluation.Fused, learnKappa: !leaveOneOut);
        Tensor rows = Draw.Normal(1, 20, 4).ToLeaf(), upstream = ones(20, ScalarType.Float64).requires_grad_();
        Tensor Gradient(bool ofUpstream) => autograd.grad(
            [loss.call(rows, rows).dot(ofUpstream ? upstream : upstream.detach())], [rows], create_graph: true)[0];
        foreach (bool ofUpstream in (bool[])[false, true])
        {
            Assert.That(() => Gradient(ofUpstream).square().sum().backward(), Throws.TypeOf<ExternalException>().With.Message.Contains("is not implemented"));
            Assert.That(() => (Gradient(ofUpstream).sum() + rows.sum()).backward(), Throws.TypeOf<ExternalException>());
        }
    }

    [Test]
    public void ASecondBackwardPassThrowsUnlessTheGraphIsRetained()
    {
        using EntropyReconstructionLoss loss = Make(10, leaveOneOut: false, KernelEvaluation.Fused);
        Tensor rows = Draw.Normal(1, 20, 4).ToLeaf(), upstream = Draw.Normal(3, 20, 1).ToTensor().view(20), values = loss.terms(rows, rows).Entropy;
        values.backward([upstream], retain_graph: true);
        Tensor once = rows.grad!.clone();
        values.backward([upstream]);
        AssertNear(rows.grad!, 2 * once, 1e-13);
        Assert.That(() => values.backward([upstream]), Throws.TypeOf<ExternalException>().With.Message.Contains("a second time"));
    }

    // A matrix of all pairs in float32 would have 256 MiB. What the C library kept of earlier tests' memory is given back first, so that it cannot hide any.
    [Test, NonParallelizable]
    public void MemoryIsLinearInTheNumberOfRows()
    {
        Assume.That(PeakMemory.IsKnown, "it is measured with Linux and glibc");
        using EntropyReconstructionLoss loss = Make(10, leaveOneOut: false, KernelEvaluation.Auto);
        Tensor rows = randn(8192, 2).requires_grad_();
        long peak = PeakMemory.Of(() => loss.terms(new ProjectedViews(rows) { Target = rows }).Entropy.sum().backward());
        Assert.That(peak, Is.GreaterThan(8 << 20).And.LessThan(100 << 20), "a tile is seen, and no matrix");
    }

    // As the scalar's gradient, which is computed with the value.
    [Test]
    public void WhatIsChangedInPlaceBetweenThePassesDoesNotMatter()
    {
        using EntropyReconstructionLoss loss = Make(10, leaveOneOut: false, KernelEvaluation.Fused, normalizeInputs: false);
        Tensor start = Draw.Normal(1, K, D).ToTensor(), furtherRows = Draw.Normal(2, 5, D).ToTensor();
        Tensor Gradient(bool change)
        {
            Tensor rows = start.clone().requires_grad_(), centers = furtherRows.clone(), ids = tensor(new long[] { 4, 9, 4, 1, 9, 9, 2 }), weights = rows.detach().square().sum(1);
            Tensor entropy = loss.terms(new ProjectedViews(rows, rows) { Centers = [new(centers) { Ids = arange(5) }], Ids = ids, Weights = weights }).Entropy;
            if (change)
            {
                using IDisposable noGrad = no_grad();
                foreach (Tensor tensor in (Tensor[])[rows, centers, ids, weights])
                {
                    tensor.zero_();
                }
            }
            entropy.sum().backward();
            return rows.grad!;
        }
        AssertNear(Gradient(change: true), Gradient(change: false), 1e-14);
    }

    // Log-sums of another batch's size make the backward pass fail, as too little memory would.
    [Test]
    public void AFailureInTheBackwardPassIsAnExceptionOfBackward()
    {
        Tensor rows = Draw.Normal(1, K, D).ToLeaf();
        var settings = new KernelSettings(new Concentration(10), EntropyEstimator.Joe, LeaveOneOut: false, UnitRows: false) { EachRow = true };
        Tensor zeros = RowValues.Zeros(
            rows, null, torch.zeros(K + 1, ScalarType.Float64), Kernels.WeightsOf(rows, settings), settings, new WantedGradients(Rows: true, Centers: false, Kappa: false), shiftsEachRow: false);
        Assert.That(() => zeros.sum().backward(), Throws.TypeOf<ExternalException>().With.Message.Contains("invalid gradient"));
    }

    private static EntropyReconstructionLoss Make(double kappa, bool leaveOneOut, KernelEvaluation evaluation, bool normalizeInputs = true, bool? learnKappa = null) =>
        new(new EntropyReconstructionOptions
        {
            Kappa = kappa,
            Estimator = EntropyEstimator.Joe,
            LeaveOneOut = leaveOneOut,
            Evaluation = evaluation,
            LearnKappa = learnKappa ?? !leaveOneOut,
            NormalizeInputs = normalizeInputs,
            Reduction = nn.Reduction.None,
        });

    private static void AssertNear(Tensor actual, Tensor expected, double tolerance)
    {
        Assert.That(actual.shape, Is.EqualTo(expected.shape));
        Assert.That((actual - expected).abs().max().ToDouble(), Is.LessThanOrEqualTo(tolerance * Math.Max(1, expected.abs().max().ToDouble())));
    }
}
