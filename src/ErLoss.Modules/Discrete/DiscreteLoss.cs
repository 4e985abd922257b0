using ErLoss.Modules.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The loss of views on classes.</summary>
internal static class DiscreteLoss
{
    /// <param name="views">As <see cref="ViewArguments"/> wants them.</param>
    /// <param name="options">Of the loss.</param>
    /// <param name="wanted">What is to be computed.</param>
    /// <param name="all">The batch of all ranks, of which the views are this rank's part.</param>
    public static LossParts Compute(ProjectedViews views, EntropyReconstructionOptions options, WantedTerms wanted, GlobalBatch all)
    {
        RowWeights? weights = RowWeights.Of(views.Weights, views.Mask, all);
        bool each = options.Reduction == nn.Reduction.None;
        var once = new PerTensorCache<Categorical>(Read);
        Categorical? together = null; // all projections as one, where that pays
        Categorical[] projections = once.Of(views.Projections, ReadAll);
        return new LossParts(wanted.Entropy ? Entropy() : null, null, wanted.Reconstruction ? Reconstruction() : null, null, null, null);

        Categorical Read(Tensor rows) => Categorical.Read(Fill(rows), options.NormalizeInputs, options.Normalizer);

        Categorical[] ReadAll(IReadOnlyList<Tensor> rows)
        {
            if (rows.Count < views.Projections.Count || !all.IsAlone || ViewBatch.Of(rows) is not { } batch)
            {
                return [.. rows.Select(Read)]; // a projection that is given twice counts twice, and all ranks must exchange alike
            }
            together = Read(batch);
            return together.Split();
        }

        Tensor Fill(Tensor rows) => weights?.Fill(rows) ?? rows;

        Tensor Entropy()
        {
            CenterMarginal?[] centers = [.. views.Centers.Select(centers => CenterMarginal.Of(centers, all))]; // none, one for all views, or one for each
            if (together is not null && centers.Length <= 1)
            {
                return MarginalEntropy.Of(together, weights, centers.FirstOrDefault(), options.Estimator, each, all);
            }
            return ViewSums.Mean([.. projections.Select((rows, view) => MarginalEntropy.Of(
                rows, weights, centers.Length == 0 ? null : centers[Math.Min(view, centers.Length - 1)], options.Estimator, each, all))]);
        }

        Tensor Reconstruction()
        {
            if (views.Labels is not null && !all.IsAlone)
            {
                // A row's partners may be on any rank. What they give is linear in them, so that every rank can add it up.
                return Compute(all.Whole(views), options, new WantedTerms(false, true, false), GlobalBatch.Of(all.Rows)).Reconstruction!;
            }
            Categorical[] predictions = once.Of(views.Predictions ?? views.Projections);
            Tensor[] targets = views.GivenTargets is { } given
                ? [.. given.Select(target => FloatConversion.AtLeastSingle(Fill(target.detach())))]
                : [.. projections.Select(batch => batch.Probabilities)];
            var met = MetTargets.Of(views, targets, predictions.Length, weights, isSymmetric: false);
            bool areTogether = together is not null && views.Predictions is null && met.Sums.Length == projections.Length && met.Sums.All(sum => sum is not null && sum.is_floating_point());
            return all.Reduce(
                met.Rows, areTogether ? Categorical.CrossEntropy(together!, met.Sums!, met.Pairs) : Categorical.CrossEntropy(predictions, met.Sums, met.Pairs), each);
        }
    }
}
