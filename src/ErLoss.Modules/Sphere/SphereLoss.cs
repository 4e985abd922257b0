using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The loss of views on the sphere.</summary>
internal static class SphereLoss
{
    /// <param name="views">As <see cref="ViewArguments"/> wants them.</param>
    /// <param name="options">Of the loss.</param>
    /// <param name="concentration">κ as it is now.</param>
    /// <param name="wanted">What is to be computed.</param>
    public static LossParts Compute(ProjectedViews views, EntropyReconstructionOptions options, Concentration concentration, WantedTerms wanted)
    {
        var once = new PerTensorCache<Tensor>(rows => Directions.Read(rows, options.NormalizeInputs));
        Tensor[] projections = once.Of(views.Projections);
        Tensor? entropy = null, plain = null;
        if (wanted.Entropy)
        {
            KernelEstimates[] estimates = [.. projections.Select(Estimate)];
            entropy = ViewSums.Mean([.. estimates.Select(estimate => estimate.Entropy)]);
            plain = options.LeaveOneOut && wanted.Bound ? ViewSums.Mean([.. estimates.Select(estimate => estimate.Plain!)]) : null;
        }
        Tensor? constant = wanted.Bound || options.EntropyWeight != options.ReconstructionWeight
            ? concentration.LogNormalizer((int)projections[0].shape[1], options.Normalizer, projections[0].device)
            : null;
        return new LossParts(entropy, plain, wanted.Reconstruction ? Reconstruction() : null, constant, constant);

        KernelEstimates Estimate(Tensor embeddings) => KernelEntropy.Relative(
            embeddings,
            concentration,
            options.Estimator,
            options.LeaveOneOut,
            options.Evaluation,
            unitRows: options.NormalizeInputs,
            options.ProductPrecision,
            withPlain: wanted.Bound);

        Tensor Reconstruction()
        {
            Tensor[] predictions = once.Of(views.Predictions ?? views.Projections);
            Tensor[] targets = views.GivenTargets is { } given ? [.. given.Select(target => Directions.Read(target.detach(), options.NormalizeInputs))] : projections;
            return VonMisesFisherReconstruction.Relative(predictions, targets, views.AreOfViews, concentration);
        }
    }
}
