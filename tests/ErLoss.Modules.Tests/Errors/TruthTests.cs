using ErLoss.Benchmarks;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Errors;

/// <summary>What the benchmarks measure errors against, and the library, come to the same in float64: value, gradients and gradient in κ of all forms, by every evaluation.</summary>
public class TruthTests : TensorTests
{
    private const int Rows = 24, Columns = 6;

    [Test]
    public void AllFormsHaveTheTrueValueAndGradients([Values] bool normalizeInputs, [Values("spread", "a cluster and strays")] string kind)
    {
        using var generator = new Generator(3);
        Tensor[] drawn = [.. Enumerable.Range(0, 2).Select(_ => RowKinds.All.Single(each => each.Name == kind).Draw(Rows, Columns, generator))];
        using var forms = new LossForms(CPU, Rows, Columns, ScalarType.Float64);
        foreach (LossForm form in forms.All.Where(form => form is { ViewCount: 2, Options.Support: Support.Sphere }))
        {
            EntropyReconstructionOptions options = form.Options with { ReconstructionWeight = 0, NormalizeInputs = normalizeInputs };
            EntropyTruth truth = EntropyTruth.Compute(options, form, drawn);
            foreach (KernelEvaluation evaluation in LossForm.Evaluations)
            {
                string name = $"{form.Name}, {evaluation}";
                using var loss = new EntropyReconstructionLoss(options with { Evaluation = evaluation });
                Tensor[] leaves = [.. drawn.Select(rows => rows.clone().requires_grad_())];
                Tensor value;
                try
                {
                    value = loss.terms(form.Views(leaves)).Loss.sum();
                }
                catch (ArgumentException) when (evaluation is not (KernelEvaluation.Composed or KernelEvaluation.Fused))
                {
                    continue; // these two serve every form, others need not
                }
                value.backward();
                Assert.That(value.ToDouble(), Is.EqualTo(truth.Loss).Within(1e-11 * Math.Max(1, Math.Abs(truth.Loss))), name);
                for (int view = 0; view < leaves.Length; view++)
                {
                    Tensor error = (leaves[view].grad! - truth.Gradients[view]).norm() / truth.Gradients[view].norm();
                    Assert.That(error.ToDouble(), Is.LessThan(1e-10), $"{name}, gradient in view {view + 1}");
                }
                if (options.LearnKappa)
                {
                    Assert.That(loss.get_parameter("log_kappa")!.grad!.ToDouble(), Is.EqualTo(truth.LogKappaGradient).Within(1e-10 * Math.Abs(truth.LogKappaGradient)), name);
                }
            }
        }
    }

    [Test]
    public void GradientsBesideTimesHaveTheTrueError()
    {
        using var generator = new Generator(4);
        Tensor[] views = [.. Enumerable.Range(0, 2).Select(_ => RowKinds.All[0].Draw(Rows, Columns, generator).requires_grad_())];
        using GradientTruth truth = GradientTruth.Compute(views[0], views[1], EntropyReconstructionOptions.DefaultKappa)!;
        using var loss = new EntropyReconstructionLoss(estimator: EntropyEstimator.Joe);
        loss.call(views[0], views[1]).backward();
        Assert.That(truth.ErrorOf(views[0].grad!, truth.Loss), Is.LessThan(1e-12));
        Assert.That(truth.ErrorOf(1.01 * views[0].grad!, truth.Loss), Is.EqualTo(0.01).Within(1e-10));
        views[0].grad!.zero_();
        EntropyReconstruction.entropy(views[0], estimator: EntropyEstimator.Joe, normalizeInputs: false).backward();
        Assert.That(truth.ErrorOf(views[0].grad!, truth.Entropy), Is.LessThan(1e-11));
    }
}
