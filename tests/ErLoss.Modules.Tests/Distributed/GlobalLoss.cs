using ErLoss.Modules.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Distributed;

/// <summary>Terms and gradients of a form, by one process or by ranks: the values of each rank, and what all have of the gradients.</summary>
/// <param name="Terms">Loss, entropy, reconstruction and bound, (ranks, 4) in float64.</param>
/// <param name="LossAlone">The loss without its terms, (ranks) in float64.</param>
/// <param name="Rows">The gradients of the loss in the leaves, (leaves, K, d) in float64; each row's is that of its rank.</param>
/// <param name="Parameters">The sum over the ranks of the gradients in the parameters that are learnt.</param>
internal sealed record GlobalLoss(Tensor Terms, Tensor LossAlone, Tensor Rows, double[] Parameters)
{
    /// <summary>As ranks with numbers of rows compute it.</summary>
    public static GlobalLoss Of(RankForm form, KernelEvaluation evaluation, int[] parts, ScalarType dtype = ScalarType.Float64)
    {
        int rows = parts.Sum();
        GlobalLoss[] ofRanks = [.. LocalProcessGroup.Run(parts.Length, group => OfRank(form, evaluation, group, parts[..group.Rank].Sum(), parts[group.Rank], rows, dtype))];
        return new GlobalLoss(
            cat([.. ofRanks.Select(rank => rank.Terms)]),
            cat([.. ofRanks.Select(rank => rank.LossAlone)]),
            cat([.. ofRanks.Select(rank => rank.Rows)], 1),
            [.. Enumerable.Range(0, ofRanks[0].Parameters.Length).Select(i => ofRanks.Sum(rank => rank.Parameters[i]))]);
    }

    private static GlobalLoss OfRank(RankForm form, KernelEvaluation evaluation, ProcessGroup group, int start, int count, int rows, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        Tensor[] leaves = [.. form.AllLeaves(rows, dtype).Select(leaf => Own(leaf).clone().requires_grad_())];
        ProjectedViews views = form.Views(leaves, Own);
        using var loss = new EntropyReconstructionLoss(form.Options with { Evaluation = evaluation, Group = group });
        EntropyReconstructionTerms terms = loss.terms(views);
        // Ranks that differ show what would be hidden if all gradients were multiplied by one number.
        double factor = 1 + group.Rank;
        (terms.Loss * factor).backward();
        Tensor alone = views is { Projections.Count: 2, Predictions: null, GivenTargets: null, Labels: null, Weights: null, Mask: null, Ids: null, Centers.Count: 0 }
            ? loss.call(views.Projections[0].detach(), views.Projections[1].detach())
            : terms.Loss.detach();
        return new GlobalLoss(
            stack([terms.Loss, terms.Entropy, terms.Reconstruction, terms.MutualInformationBound]).detach().to(ScalarType.Float64).unsqueeze(0).DetachFromDisposeScope(),
            alone.detach().to(ScalarType.Float64).view(1).DetachFromDisposeScope(),
            stack([.. leaves.Select(leaf => (leaf.grad! / factor).to(ScalarType.Float64))]).DetachFromDisposeScope(),
            [.. loss.parameters().Select(parameter => parameter.grad!.item<double>() / factor)]);

        // The number of rows that are used may be less than that of the given ones.
        Tensor Own(Tensor all) => all.narrow(0, start, count);
    }
}
