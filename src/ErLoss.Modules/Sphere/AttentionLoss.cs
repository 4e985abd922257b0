using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The loss of two equal views by one call: see <see cref="AttentionLossScript"/>.</summary>
internal static class AttentionLoss
{
    // Numbers of a view and rows up to which both views are computed at once. Then it takes up to 26 times the memory of a view's numbers; above, the views are computed one after the other.
    // With more rows a factor would become a subnormal number of float16.
    private const long MostNumbers = 1L << 21, MostRows = 1L << 14;

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
        if (!IsPlain(views, options, wanted))
        {
            return null;
        }
        Tensor first = views.Projections[0];
        long k = first.shape[0], d = first.shape[1];
        settings = EvaluationChoice.Resolve(first.device, FloatConversion.AtLeastSingle(first.dtype), k, 0, d, haveIds: false, settings);
        if (settings.Attention is null || k < 2 || k > MostRows || k * d > MostNumbers)
        {
            return null;
        }
        using var scope = NewDisposeScope();
        Tensor projections = FloatConversion.AtLeastSingle(stack(views.Projections));
        Concentration kernels = settings.Concentration;
        bool isRecorded = is_grad_enabled(), learnsKernels = Learns(kernels), learnsDecoder = Learns(decoder), isApart = wanted.Bound;
        bool hasGradient = isRecorded && (projections.requires_grad || learnsKernels || learnsDecoder);
        var call = new AttentionLossCall(options.Estimator == EntropyEstimator.Joe, options.LeaveOneOut, k)
        {
            EntropyWeight = options.EntropyWeight,
            ReconstructionWeight = options.ReconstructionWeight,
            IsApart = isApart,
            WithPlain = isApart && options.LeaveOneOut,
            WithGradient = hasGradient,
            LearnsKappa = learnsKernels,
            MayOverflow = !(kernels.Value <= LargestExponent),
            Normal = finfo(first.dtype).tiny,
            Least = finfo(first.dtype).tiny * finfo(first.dtype).eps,
        };
        ScalarType dtype = projections.dtype;
        Tensor[] results;
        using (no_grad())
        {
            results = settings.Attention.Loss(projections.detach(), AttentionLossConstants.Of(kernels, decoder, call, dtype), call);
        }
        LossParts parts = isApart ? Apart() : Joined();
        return parts.MoveToOuterDisposeScope();

        bool Learns(Concentration concentration) => isRecorded && concentration.Learnt is { requires_grad: true };

        Tensor OfDecoder(double weight, Tensor agreement) => agreement * (-weight / k);

        LossParts Apart()
        {
            Tensor entropy = results[0], reconstruction = results[2];
            if (hasGradient)
            {
                entropy = OnceDifferentiable.Attach(entropy, (projections, results[3]), (kernels.Learnt, results[5]));
                reconstruction = OnceDifferentiable.Attach(reconstruction, (projections, results[4]), (decoder.Learnt, OfDecoder(1, results[6])));
            }
            return new LossParts(entropy, options.LeaveOneOut ? results[1] : null, reconstruction, null, null, null);
        }

        LossParts Joined()
        {
            Tensor difference = results[0];
            if (hasGradient)
            {
                Tensor? ofKernels = learnsKernels ? -options.EntropyWeight * results[2] : null, ofDecoder = learnsDecoder ? OfDecoder(options.ReconstructionWeight, results[3]) : null;
                (Tensor?, Tensor?)[] ofKappas = ReferenceEquals(kernels, decoder)
                    ? [(kernels.Learnt, learnsKernels ? ofKernels! + ofDecoder! : null)]
                    : [(kernels.Learnt, ofKernels), (decoder.Learnt, ofDecoder)];
                difference = OnceDifferentiable.Attach(difference, [(projections, results[1]), .. ofKappas]);
            }
            return new LossParts(null, null, null, null, null, null) { Difference = difference };
        }
    }

    /// <summary>Whether two equal views are all that there is.</summary>
    private static bool IsPlain(ProjectedViews views, EntropyReconstructionOptions options, WantedTerms wanted) =>
        views is { Projections.Count: 2, Predictions: null, GivenTargets: null, Weights: null, Mask: null, Ids: null, Labels: null }
        && views.Centers.All(centers => centers.Rows.shape[0] == 0)
        && options is { NormalizeInputs: true, Reduction: nn.Reduction.Mean } && options.EntropyWeight != 0
        && wanted is { Entropy: true, Reconstruction: true };
}
