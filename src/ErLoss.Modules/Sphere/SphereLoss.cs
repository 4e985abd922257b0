using ErLoss.Modules.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The loss of views on the sphere.</summary>
internal static class SphereLoss
{
    /// <param name="views">As <see cref="ViewArguments"/> wants them.</param>
    /// <param name="options">Of the loss.</param>
    /// <param name="kernels">κ of the kernels as it is now.</param>
    /// <param name="decoder">κ of the reconstruction; the same object where both are one.</param>
    /// <param name="wanted">What is to be computed.</param>
    /// <param name="all">The batch of all ranks, of which the views are this rank's part.</param>
    public static LossParts Compute(
        ProjectedViews views, EntropyReconstructionOptions options, Concentration kernels, Concentration decoder, WantedTerms wanted, GlobalBatch all)
    {
        bool each = options.Reduction == nn.Reduction.None;
        var settings = new KernelSettings(kernels, options.Estimator, options.LeaveOneOut, UnitRows: options.NormalizeInputs)
        {
            Evaluation = options.Evaluation,
            Precision = options.ProductPrecision,
            AttentionType = AttentionTypeOf(views.Projections[0], options),
            WithPlain = wanted.Bound,
            EachRow = each,
        };
        if (all.IsAlone && AttentionLoss.Compute(views, options, settings, decoder, wanted) is { } parts)
        {
            return WithConstants(parts, null, null, null);
        }
        RowWeights? weights = RowWeights.Of(views.Weights, views.Mask, all);
        Tensor? ids = wanted.Entropy && !all.IsAlone ? all.GatherIfAny(views.Ids) : views.Ids;
        var once = new PerTensorCache<Tensor>(Read);
        KernelWeights? shared = null; // views differ in their rows; what the kernels weigh is the same for all that have the same centres
        Tensor[]? projections = null;
        Tensor?[] centerRows = wanted.Entropy ? [.. views.Centers.Select(ReadCenters)] : []; // none, one for all views, or one for each
        Tensor? entropy = null, entropyCount = null, plain = null, plainCount = null, reconstruction = null, reconstructionCount = null;
        if (all.IsAlone && AttentionLoss.Entropy(views, options, settings, wanted) is { } ofViews)
        {
            (entropy, plain) = (ofViews.Entropy, ofViews.Plain);
        }
        else if (wanted.Entropy)
        {
            (KernelEstimates Terms, Tensor? Count)[] estimates = [.. Projections().Select(Estimate)];
            entropy = ViewSums.Mean([.. estimates.Select(estimate => estimate.Terms.Entropy)]);
            entropyCount = MeanCount([.. estimates.Select(estimate => estimate.Count)]);
            if (options.LeaveOneOut && wanted.Bound)
            {
                plain = ViewSums.Mean([.. estimates.Select(estimate => estimate.Terms.Plain!)]);
                plainCount = RowWeights.CountOf(weights, each);
            }
        }
        if (wanted.Reconstruction)
        {
            (reconstruction, reconstructionCount) = Reconstruction();
        }
        return WithConstants(new LossParts(entropy, plain, reconstruction, null, null, null), entropyCount, plainCount, reconstructionCount);

        LossParts WithConstants(LossParts terms, Tensor? entropyCount, Tensor? plainCount, Tensor? reconstructionCount)
        {
            bool isOne = ReferenceEquals(kernels, decoder), cancels = isOne && options.EntropyWeight == options.ReconstructionWeight && entropyCount is null && reconstructionCount is null;
            if (!wanted.Bound && cancels)
            {
                return terms;
            }
            Tensor kernelConstant = ConstantOf(kernels), decoderConstant = isOne ? kernelConstant : ConstantOf(decoder);
            return terms with
            {
                EntropyConstant = Times(kernelConstant, entropyCount),
                PlainConstant = Times(kernelConstant, plainCount),
                ReconstructionConstant = Times(decoderConstant, reconstructionCount),
            };
        }

        Tensor[] Projections() => projections ??= once.Of(views.Projections, rows => Directions.Read(rows, weights, options.NormalizeInputs));

        Tensor Read(Tensor rows) => Directions.Read(weights?.Fill(rows) ?? rows, options.NormalizeInputs);

        // A centre of weight zero may hold anything, as a row of weight zero may.
        Tensor? ReadCenters(Centers centers) => centers.Rows.shape[0] == 0
            ? null
            : Directions.Read(RowWeights.Of(centers.Weights, null)?.Fill(centers.Rows) ?? centers.Rows, options.NormalizeInputs);

        Tensor ConstantOf(Concentration concentration) => concentration.ShareOf(all).LogNormalizer((int)views.Projections[0].shape[1], options.Normalizer, views.Projections[0].device);

        // With how often the entropy contains its constant: see RowWeights.CountOf.
        (KernelEstimates Terms, Tensor? Count) Estimate(Tensor rows, int view)
        {
            Tensor? further = centerRows.Length == 0 ? null : centerRows[centerRows.Length == 1 ? 0 : view];
            KernelWeights kernelWeights = views.Centers.Count > 1 ? Weights() : shared ??= Weights();
            KernelEstimates estimates = KernelEntropy.Relative(rows, further, kernelWeights, settings, all);
            return (estimates, RowWeights.CountOf(kernelWeights.Counted, each));

            KernelWeights Weights() => KernelWeights.Of(all.Rows, rows.device, weights?.All, ids, further is null ? null : views.CentersOf(view), options.LeaveOneOut);
        }

        (Tensor Value, Tensor? Count) Reconstruction()
        {
            if (views.Labels is not null && !all.IsAlone)
            {
                return OfPartners();
            }
            Tensor[] predictions = views.Predictions is null ? Projections() : once.Of(views.Predictions);
            Tensor[] targets = views.GivenTargets is { } given ? [.. given.Select(target => Read(target.detach()))] : Projections();
            var met = MetTargets.Of(views, targets, predictions.Length, weights, isSymmetric: true);
            Tensor values = VonMisesFisherReconstruction.Relative(predictions, met.Sums, met.Pairs, decoder);
            return (all.Reduce(met.Rows, values, each), RowWeights.CountOf(met.Rows, each));
        }

        // A row's partners may be on any rank. What they give is linear in them, so that every rank can add it up.
        (Tensor Value, Tensor? Count) OfPartners()
        {
            ProjectedViews whole = all.Whole(views);
            RowWeights? wholeWeights = RowWeights.Of(whole.Weights, whole.Mask);
            Tensor[] rows = Directions.Read(whole.Projections, wholeWeights, options.NormalizeInputs);
            var met = MetTargets.Of(whole, rows, rows.Length, wholeWeights, isSymmetric: true);
            Tensor values = VonMisesFisherReconstruction.Relative(rows, met.Sums, met.Pairs, decoder.ShareOf(all));
            return (RowWeights.Reduce(met.Rows, values, each), RowWeights.CountOf(met.Rows, each));
        }
    }

    /// <summary>The mean over views of how often they contain their constant; null where each contains it once.</summary>
    private static Tensor? MeanCount(Tensor?[] counts) =>
        Array.TrueForAll(counts, count => count is null) ? null : ViewSums.Mean([.. counts.Select(count => count ?? ones_like(counts.First(other => other is not null)!))]);

    /// <summary>
    /// What attention rounds rows to. On a GPU, float16 for half-precision projections, and for float32 ones where the user allows TF32 in products, which float16 rounds like. Else the rows'
    /// own type, and bfloat16 if that is asked for.
    /// </summary>
    private static ScalarType? AttentionTypeOf(Tensor projection, EntropyReconstructionOptions options) => projection.dtype switch
    {
        ScalarType.Float64 => null,
        _ when options.ProductPrecision == ProductPrecision.BFloat16 => ScalarType.BFloat16,
        _ when projection.device_type != DeviceType.CUDA => null,
        ScalarType.Float32 when !backends.cuda.matmul.allow_tf32 => null,
        _ => ScalarType.Float16,
    };

    private static Tensor Times(Tensor constant, Tensor? count) => count is null ? constant : constant * count;
}
