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
        RowWeights? weights = RowWeights.Of(views.Weights, views.Mask);
        var settings = new KernelSettings(concentration, options.Estimator, options.LeaveOneOut, UnitRows: options.NormalizeInputs)
        {
            Evaluation = options.Evaluation,
            Precision = options.ProductPrecision,
            WithPlain = wanted.Bound,
        };
        var once = new PerTensorCache<Tensor>(rows => Directions.Read(rows, options.NormalizeInputs));
        var filled = new PerTensorCache<Tensor>(rows => Directions.Read(weights?.Fill(rows) ?? rows, options.NormalizeInputs));
        Tensor[] projections = filled.Of(views.Projections);
        Tensor? entropy = null, plain = null, counts = null;
        if (wanted.Entropy)
        {
            KernelEstimates[] estimates = [.. projections.Select(Estimate)];
            entropy = ViewSums.Mean([.. estimates.Select(estimate => estimate.Entropy)]);
            counts = estimates[0].Counts is null ? null : ViewSums.Mean([.. estimates.Select(estimate => estimate.Counts!)]);
            plain = options.LeaveOneOut && wanted.Bound ? ViewSums.Mean([.. estimates.Select(estimate => estimate.Plain!)]) : null;
        }
        Tensor? constant = wanted.Bound || counts is not null || options.EntropyWeight != options.ReconstructionWeight
            ? concentration.LogNormalizer((int)projections[0].shape[1], options.Normalizer, projections[0].device)
            : null;
        return new LossParts(entropy, plain, wanted.Reconstruction ? Reconstruction() : null, counts is null ? constant : constant! * counts, constant);

        KernelEstimates Estimate(Tensor embeddings, int view)
        {
            Centers? centers = views.CentersOf(view) is { Rows: var further } given && further.shape[0] > 0 ? given : null;
            KernelWeights kernelWeights = KernelWeights.Of(embeddings, weights, views.Ids, centers, options.LeaveOneOut);
            return KernelEntropy.Relative(embeddings, centers is null ? null : once.Of(centers.Rows), kernelWeights, settings);
        }

        Tensor Reconstruction()
        {
            Tensor[] predictions = filled.Of(views.Predictions ?? views.Projections);
            Tensor[] targets = views.GivenTargets is { } given ? [.. given.Select(target => Directions.Read(target.detach(), options.NormalizeInputs))] : projections;
            return VonMisesFisherReconstruction.Relative(predictions, targets, views.AreOfViews, concentration);
        }
    }
}
