using ErLoss.Modules.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Distributed;

/// <summary>Ranks with parts of a batch give the terms of one process with the whole, and their gradients in its rows.</summary>
internal sealed class GlobalLossTests : TensorTests
{
    // Of the second, one part is a single row; of the third, one has no row, and the mask leaves the second and the third part out.
    private static readonly int[][] s_parts = [[4, 3], [5, 1, 3], [2, 1, 1, 4, 0, 5, 2]];

    [TestCaseSource(typeof(RankForm), nameof(RankForm.OnSphere))]
    public void On_the_sphere_ranks_compute_what_one_process_does(object form)
    {
        AssertEqualToOneProcess((RankForm)form, KernelEvaluation.Fused);
        AssertEqualToOneProcess((RankForm)form, KernelEvaluation.Composed);
    }

    [TestCaseSource(typeof(RankForm), nameof(RankForm.OnClasses))]
    public void On_classes_ranks_compute_what_one_process_does(object form) => AssertEqualToOneProcess((RankForm)form, KernelEvaluation.Auto);

    [Test]
    public void Gradients_in_further_centres_add_up_to_those_of_one_process(
        [Values] Modules.Support support, [Values(KernelEvaluation.Fused, KernelEvaluation.Composed)] KernelEvaluation evaluation)
    {
        var options = new EntropyReconstructionOptions { Support = support, Evaluation = evaluation };
        Tensor one = OfRank(null, 0, 7), several = ViewSums.Of(LocalProcessGroup.Run(3, group => OfRank(group, new[] { 0, 3, 4 }[group.Rank], new[] { 3, 1, 3 }[group.Rank])));
        Assert.That(one.abs().max().ToDouble(), Is.GreaterThan(1e-3), "there is a gradient to compare");
        AssertNear(several, one, "gradients");

        Tensor OfRank(ProcessGroup? group, int start, int count)
        {
            using var scope = NewDisposeScope();
            using var loss = new EntropyReconstructionLoss(options with { Group = group });
            Tensor rows = Draw.Normal(1, 7, 5).ToTensor()[start..(start + count)], centers = Draw.Probabilities(2, 3, 5).ToTensor().requires_grad_();
            loss.terms(new ProjectedViews(rows, rows.square()) { Centers = [new Centers(centers)] }).Loss.backward();
            return centers.grad!.DetachFromDisposeScope();
        }
    }

    /// <summary>What is exchanged must not depend on whether a rank's views are one tensor, or on whether it records gradients.</summary>
    [Test]
    public void Views_with_labels_may_be_one_tensor_on_one_rank_and_without_gradient_on_another([Values] Modules.Support support)
    {
        Tensor rows = Draw.Normal(5, 5, 4).ToTensor(), other = Draw.Normal(6, 3, 4).ToTensor(), labels = tensor(new long[] { 0, 1, 0, 1, 1 });
        double one = Compute(null, rows, cat([rows[..2], other]), labels);
        IReadOnlyList<double> several = LocalProcessGroup.Run(2, group =>
        {
            Tensor own = group.Rank == 0 ? rows[..2] : rows[2..];
            return Compute(group, own, group.Rank == 0 ? own : other, group.Rank == 0 ? labels[..2] : labels[2..]);
        });
        Assert.That(several, Is.All.EqualTo(one).Within(1e-12));

        double Compute(ProcessGroup? group, Tensor first, Tensor second, Tensor marks)
        {
            using var scope = NewDisposeScope();
            using IDisposable? mode = group?.Rank == 1 ? no_grad() : null;
            using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Support = support, Group = group });
            Tensor view = first.clone().requires_grad_();
            Tensor value = loss.terms(new ProjectedViews(view, ReferenceEquals(first, second) ? view : second) { Labels = marks }).Loss;
            Assert.That(value.requires_grad, Is.EqualTo(mode is null));
            return value.ToDouble();
        }
    }

    private static void AssertEqualToOneProcess(RankForm form, KernelEvaluation evaluation)
    {
        foreach (int[] parts in s_parts)
        {
            GlobalLoss one = GlobalLoss.Of(form, evaluation, [parts.Sum()]), several = GlobalLoss.Of(form, evaluation, parts);
            string what = $"{evaluation}, {parts.Length} ranks";
            AssertNear(several.Terms, one.Terms.expand(parts.Length, -1), $"terms, {what}");
            AssertNear(several.LossAlone, one.LossAlone.expand(parts.Length), $"loss, {what}");
            AssertNear(several.Rows, one.Rows, $"gradients, {what}");
            Assert.That(one.Rows.abs().max().ToDouble(), Is.GreaterThan(1e-3), "there is a gradient to compare");
            for (int i = 0; i < one.Parameters.Length; i++)
            {
                TermValues.AssertNear(several.Parameters[i], one.Parameters[i], 1e-12, $"gradient of κ, {what}");
            }
        }
    }

    private static void AssertNear(Tensor actual, Tensor expected, string what)
    {
        double error = (actual - expected).abs().max().ToDouble() / Math.Max(1, expected.abs().max().ToDouble());
        Assert.That(double.IsNaN(error), Is.False, what);
        Assert.That(error, Is.LessThan(1e-12), what);
    }
}
