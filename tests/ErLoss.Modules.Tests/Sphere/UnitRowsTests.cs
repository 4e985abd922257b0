using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Rows that are of norm one already, as a queue's or a teacher's often are, stay the user's own: what he does with them after the value does not matter.</summary>
public class UnitRowsTests : TensorTests
{
    private const int Rows = 520, Dimension = 8; // rows enough for Auto to take tiles and attention

    [Test]
    public void WhatIsWrittenIntoThemBeforeTheBackwardPassDoesNotMatter(
        [Values(KernelEvaluation.Composed, KernelEvaluation.Fused, KernelEvaluation.Auto)] KernelEvaluation evaluation, [Values(nn.Reduction.Mean, nn.Reduction.None)] nn.Reduction reduction)
    {
        Tensor Gradient(bool change) => GradientOf(evaluation, reduction, Unit(2), Unit(3), change);
        Assert.That(Gradient(change: true).ToMatrix(), Is.EqualTo(Gradient(change: false).ToMatrix()));
    }

    [Test]
    public void TheyMayComeFromInferenceMode(
        [Values(KernelEvaluation.Composed, KernelEvaluation.Fused, KernelEvaluation.Auto)] KernelEvaluation evaluation, [Values(nn.Reduction.Mean, nn.Reduction.None)] nn.Reduction reduction)
    {
        Tensor target, centers;
        using (inference_mode())
        {
            (target, centers) = (Unit(2), Unit(3));
        }
        Assert.That(GradientOf(evaluation, reduction, target, centers, change: false).ToMatrix(), Is.EqualTo(GradientOf(evaluation, reduction, Unit(2), Unit(3), change: false).ToMatrix()));
    }

    private static Tensor GradientOf(KernelEvaluation evaluation, nn.Reduction reduction, Tensor target, Tensor centers, bool change)
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Estimator = EntropyEstimator.Joe, Evaluation = evaluation, Reduction = reduction });
        Tensor rows = Draw.Normal(1, Rows, Dimension).ToTensor().to(ScalarType.Float32).requires_grad_();
        Tensor value = loss.terms(new ProjectedViews(rows) { Target = target, Centers = [new(centers)] }).Loss.sum();
        if (change)
        {
            target.zero_();
            centers.zero_();
        }
        value.backward();
        return rows.grad!.to(ScalarType.Float64);
    }

    private static Tensor Unit(int seed) => nn.functional.normalize(Draw.Normal(seed, Rows, Dimension).ToTensor().to(ScalarType.Float32), dim: 1);
}
