using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The loss of views on classes.</summary>
internal static class DiscreteLoss
{
    /// <param name="views">As <see cref="ViewArguments"/> wants them.</param>
    /// <param name="options">Of the loss.</param>
    /// <param name="wanted">What is to be computed.</param>
    public static LossParts Compute(ProjectedViews views, EntropyReconstructionOptions options, WantedTerms wanted)
    {
        RowWeights? weights = RowWeights.Of(views.Weights, views.Mask);
        bool each = options.Reduction == nn.Reduction.None;
        var once = new PerTensorCache<Categorical>(rows => Categorical.Read(Fill(rows), options.NormalizeInputs, options.Normalizer));
        Categorical[] projections = once.Of(views.Projections);
        return new LossParts(wanted.Entropy ? Entropy() : null, null, wanted.Reconstruction ? Reconstruction() : null, null, null, null);

        Tensor Fill(Tensor rows) => weights?.Fill(rows) ?? rows;

        Tensor Entropy()
        {
            CenterMarginal?[] centers = [.. views.Centers.Select(CenterMarginal.Of)]; // none, one for all views, or one for each
            return ViewSums.Mean([.. projections.Select((rows, view) => MarginalEntropy.Of(
                rows, weights, centers.Length == 0 ? null : centers[Math.Min(view, centers.Length - 1)], options.Estimator, each))]);
        }

        Tensor Reconstruction()
        {
            Categorical[] predictions = once.Of(views.Predictions ?? views.Projections);
            Tensor[] targets = views.GivenTargets is { } given
                ? [.. given.Select(target => FloatConversion.AtLeastSingle(Fill(target.detach())))]
                : [.. projections.Select(batch => batch.Probabilities)];
            var met = MetTargets.Of(views, targets, predictions.Length, weights, isSymmetric: false);
            return RowWeights.Reduce(met.Rows, Categorical.CrossEntropy(predictions, met.Sums, met.Pairs), each);
        }
    }
}
