using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The loss of two equal views, or the entropy of any number of views, by one call: see <see cref="AttentionLossScript"/>.</summary>
internal static class AttentionLoss
{
    // Numbers of all views and rows up to which the views are computed at once, with up to 13 times the memory of these numbers; above, one after the other. With more rows a factor would
    // become a subnormal number of float16.
    private const long MostNumbers = 1L << 22, MostRows = 1L << 14;

    // Up to here e^κ is a number of float32.
    private const double LargestExponent = 80;

    /// <summary>The loss's terms without their constants, or null where the views are not for this way.</summary>
    /// <param name="views">As <see cref="ViewArguments"/> wants them.</param>
    /// <param name="options">Of the loss.</param>
    /// <param name="settings">κ of the kernels and the evaluation.</param>
    /// <param name="decoder">κ of the reconstruction.</param>
    /// <param name="wanted">What is to be computed.</param>
    public static LossParts? Compute(ProjectedViews views, EntropyReconstructionOptions options, KernelSettings settings, Concentration decoder, WantedTerms wanted)
    {
        bool arePaired = wanted.Reconstruction && views is { Projections.Count: 2, Predictions: null, GivenTargets: null, Labels: null };
        Concentration kernels = settings.Concentration;
        // In the difference, a κ of the kernels that is a tensor is a factor of the whole gradient, so that it must be that of both terms.
        bool haveOneFactor = wanted.Bound || ReferenceEquals(kernels, decoder) || (kernels.Value is double kappa && AttentionLossNumbers.IsUsual(kappa));
        if (!arePaired || !haveOneFactor || AttentionFor(views, options, settings, wanted) is not { } attention)
        {
            return null;
        }
        using var scope = NewDisposeScope();
        Tensor projections = Stack(views);
        AttentionLossCall call = CallFor(views, options, kernels, Requires(projections) || Learns(kernels) || Learns(decoder), isApart: wanted.Bound, isAlone: false);
        (Tensor[] results, AttentionLossNumbers numbers) = Run(attention, projections, FurtherOf(views), kernels, decoder, call);
        return (call.IsApart ? Apart() : Joined()).MoveToOuterDisposeScope();

        LossParts Apart()
        {
            Tensor entropy = results[0], reconstruction = results[2];
            if (call.WithGradient)
            {
                entropy = OnceDifferentiable.Attach(entropy, (projections, results[3]), (kernels.Learnt, results[5]));
                reconstruction = OnceDifferentiable.Attach(reconstruction, (projections, results[4]), (decoder.Learnt, Learns(decoder) ? results[6] * numbers.DecoderSlope : null));
            }
            return new LossParts(entropy, call.WithPlain ? results[1] : null, reconstruction, null, null, null);
        }

        LossParts Joined()
        {
            Tensor difference = results[0];
            if (call.WithGradient)
            {
                (Tensor?, Tensor?) ofKappa = ReferenceEquals(kernels, decoder) ? (kernels.Learnt, results[2]) : (decoder.Learnt, Learns(decoder) ? results[3] * numbers.DecoderSlope : null);
                difference = OnceDifferentiable.Attach(difference, (projections, results[1]), ofKappa);
            }
            return new LossParts(null, null, null, null, null, null) { Difference = difference };
        }
    }

    /// <summary>The entropy's mean over the views without its constant, or null where the views are not for this way.</summary>
    /// <param name="views">As <see cref="ViewArguments"/> wants them.</param>
    /// <param name="options">Of the loss.</param>
    /// <param name="settings">κ of the kernels and the evaluation.</param>
    /// <param name="wanted">What is to be computed.</param>
    public static KernelEstimates? Entropy(ProjectedViews views, EntropyReconstructionOptions options, KernelSettings settings, WantedTerms wanted)
    {
        if (AttentionFor(views, options, settings, wanted) is not { } attention)
        {
            return null;
        }
        using var scope = NewDisposeScope();
        Tensor projections = Stack(views);
        Concentration kernels = settings.Concentration;
        AttentionLossCall call = CallFor(views, options, kernels, Requires(projections) || Learns(kernels), isApart: true, isAlone: true) with { WithPlain = settings.WithPlain && options.LeaveOneOut };
        (Tensor[] results, _) = Run(attention, projections, FurtherOf(views), kernels, kernels, call);
        Tensor entropy = call.WithGradient ? OnceDifferentiable.Attach(results[0], (projections, results[2]), (kernels.Learnt, results[3])) : results[0];
        return new KernelEstimates(entropy, call.WithPlain ? results[1] : null).MoveToOuterDisposeScope();
    }

    private static Tensor Stack(ProjectedViews views) => FloatConversion.AtLeastSingle(stack(views.Projections));

    private static bool Requires(Tensor? tensor) => is_grad_enabled() && tensor is { requires_grad: true };

    private static bool Learns(Concentration concentration) => Requires(concentration.Learnt);

    /// <summary>Attention, if it serves and there is nothing but rows, and further centres for all views, that all count once.</summary>
    private static Attention? AttentionFor(ProjectedViews views, EntropyReconstructionOptions options, KernelSettings settings, WantedTerms wanted)
    {
        bool isPlain = views is { Weights: null, Mask: null, Ids: null } && AreConstant(views.Centers)
            && options is { NormalizeInputs: true, Reduction: nn.Reduction.Mean } && wanted.Entropy
            && AttentionLossNumbers.IsUsual(options.EntropyWeight) && (!wanted.Reconstruction || options.ReconstructionWeight == 0 || AttentionLossNumbers.IsUsual(options.ReconstructionWeight));
        if (!isPlain)
        {
            return null;
        }
        Tensor first = views.Projections[0];
        long k = first.shape[0], d = first.shape[1], m = Count(views.Centers);
        return k < 2 || k > MostRows || views.Projections.Count * k * d > MostNumbers
            ? null
            : EvaluationChoice.Resolve(first.device, FloatConversion.AtLeastSingle(first.dtype), k, m, d, haveIds: false, isOneCall: true, settings).Attention;
    }

    /// <summary>Whether there are no further centres, or the same for all views, each of weight one and without gradient.</summary>
    private static bool AreConstant(IReadOnlyList<Centers> centers) => Count(centers) == 0 || (centers is [{ Weights: null, Ids: null }] && !Requires(centers[0].Rows));

    private static long Count(IReadOnlyList<Centers> centers) => centers.Sum(each => each.Rows.shape[0]);

    private static Tensor? FurtherOf(ProjectedViews views) => Count(views.Centers) == 0 ? null : Directions.Read(views.Centers[0].Rows.detach(), normalizeInputs: true);

    private static AttentionLossCall CallFor(ProjectedViews views, EntropyReconstructionOptions options, Concentration kernels, bool withGradient, bool isApart, bool isAlone)
    {
        Tensor first = views.Projections[0];
        return new AttentionLossCall(options.Estimator == EntropyEstimator.Joe, options.LeaveOneOut, views.Projections.Count, first.shape[0])
        {
            EntropyWeight = options.EntropyWeight,
            ReconstructionWeight = options.ReconstructionWeight,
            IsApart = isApart,
            IsAlone = isAlone,
            WithPlain = isApart && options.LeaveOneOut,
            WithGradient = withGradient,
            LearnsKappa = Learns(kernels),
            MayOverflow = !(kernels.Value <= LargestExponent),
            Normal = finfo(first.dtype).tiny,
            Least = finfo(first.dtype).tiny * finfo(first.dtype).eps,
        };
    }

    private static (Tensor[] Results, AttentionLossNumbers Numbers) Run(Attention attention, Tensor projections, Tensor? further, Concentration kernels, Concentration decoder, AttentionLossCall call)
    {
        using IDisposable noGrad = no_grad();
        var numbers = new AttentionLossNumbers(kernels, decoder, call, projections.dtype);
        return (attention.Loss(projections.detach(), further, numbers, call), numbers);
    }
}
