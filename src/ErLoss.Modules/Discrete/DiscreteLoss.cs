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
        var once = new PerTensorCache<Categorical>(rows => Categorical.Read(rows, options.NormalizeInputs, options.Normalizer));
        Categorical[] projections = once.Of(views.Projections);
        return new LossParts(
            wanted.Entropy ? ViewSums.Mean([.. projections.Select(batch => batch.MarginalEntropy(options.Estimator))]) : null,
            null,
            wanted.Reconstruction ? Reconstruction() : null,
            null,
            null);

        Tensor Reconstruction()
        {
            Categorical[] predictions = once.Of(views.Predictions ?? views.Projections);
            Tensor[] targets = views.GivenTargets is { } given
                ? [.. given.Select(target => FloatConversion.AtLeastSingle(target.detach()))]
                : [.. projections.Select(batch => batch.Probabilities)];
            return Categorical.CrossEntropy(predictions, targets, views.AreOfViews);
        }
    }
}
