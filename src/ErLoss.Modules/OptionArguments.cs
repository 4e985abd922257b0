using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Checks of the settings of a loss.</summary>
internal static class OptionArguments
{
    /// <summary>Settings of a loss: each in its range, and those that exclude each other apart.</summary>
    public static void Check(EntropyReconstructionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Arguments.CheckKappa(options.Kappa);
        Arguments.CheckEnum(options.Support);
        Arguments.CheckEnum(options.Estimator);
        Arguments.CheckWeight(options.EntropyWeight);
        Arguments.CheckWeight(options.ReconstructionWeight);
        Arguments.CheckEnum(options.Normalizer);
        Arguments.CheckEnum(options.Evaluation);
        Arguments.CheckEnum(options.ProductPrecision);
        CheckReduction(options);
        if (options.LearnKappa && options.Support != Support.Sphere)
        {
            throw new ArgumentException($"The support {options.Support} has no κ to learn; {Support.Sphere} is wanted.", "options.LearnKappa");
        }
        if (options.LearnKappa && options.LeaveOneOut)
        {
            throw new ArgumentException(
                "With LeaveOneOut the loss has no minimum in κ, which would grow without end; learn κ with LeaveOneOut = false, or fix it.",
                "options.LearnKappa");
        }
        CheckReconstructionKappa(options);
        CheckLimits(options);
        CheckGroup(options);
    }

    private static void CheckGroup(EntropyReconstructionOptions options)
    {
        if (options.Group is not { Size: > 1 } group)
        {
            return;
        }
        const string Name = "options.Group";
        if (options.Reduction == nn.Reduction.None)
        {
            throw new ArgumentException(
                $"The group has {group.Size} ranks, and with Reduction.None the backward pass would need the gradients of all ranks' values, but it exchanges nothing; Reduction.Mean is wanted.", Name);
        }
        if (options.Evaluation == KernelEvaluation.Attention)
        {
            throw new ArgumentException(
                $"The group has {group.Size} ranks, and the evaluation {KernelEvaluation.Attention} serves one process; {KernelEvaluation.Auto}, {KernelEvaluation.Fused} or {KernelEvaluation.Composed} is wanted.",
                Name);
        }
    }

    private static void CheckReduction(EntropyReconstructionOptions options)
    {
        Arguments.CheckEnum(options.Reduction);
        const string Name = "options.Reduction";
        if (options.Reduction == nn.Reduction.Sum)
        {
            throw new ArgumentException("The loss is no sum over examples; Mean or None is wanted.", Name);
        }
        EntropyEstimator wanted = options.Support == Support.Sphere ? EntropyEstimator.Joe : EntropyEstimator.PlugIn;
        if (options.Reduction == nn.Reduction.None && options.Estimator != wanted)
        {
            throw new ArgumentException(
                $"On the support {options.Support} the estimator {options.Estimator} is no mean over examples, so that there is no value for each; the estimator {wanted} is wanted.", Name);
        }
    }

    private static void CheckReconstructionKappa(EntropyReconstructionOptions options)
    {
        if (options.ReconstructionKappa is not double kappa)
        {
            if (options.LearnReconstructionKappa)
            {
                throw new ArgumentException("There is no ReconstructionKappa to learn; give the value that it starts from.", "options.LearnReconstructionKappa");
            }
            return;
        }
        const string Name = "options.ReconstructionKappa";
        Arguments.CheckKappa(kappa, Name);
        if (options.Support != Support.Sphere)
        {
            throw new ArgumentException($"The support {options.Support} has no κ; {Support.Sphere} is wanted.", Name);
        }
        if (options.LearnKappa)
        {
            throw new ArgumentException(
                "A learnt κ of the kernels alone has no minimum; learn one κ for both terms, or learn the reconstruction's by LearnReconstructionKappa and fix the kernels'.", Name);
        }
    }

    private static void CheckLimits(EntropyReconstructionOptions options)
    {
        bool isLearnt = options.LearnKappa || options.LearnReconstructionKappa;
        double start = options.LearnReconstructionKappa ? options.ReconstructionKappa!.Value : options.Kappa;
        CheckLimit(options.MinKappa, limit => start >= limit, "options.MinKappa");
        CheckLimit(options.MaxKappa, limit => start <= limit, "options.MaxKappa");

        void CheckLimit(double? limit, Func<double, bool> allows, string name)
        {
            if (limit is not double value)
            {
                return;
            }
            Arguments.CheckKappa(value, name);
            if (!isLearnt)
            {
                throw new ArgumentException("No κ is learnt, and only a learnt one has limits; leave the limit out, or learn κ.", name);
            }
            if (options.MinKappa > options.MaxKappa)
            {
                throw new ArgumentException($"MinKappa is {options.MinKappa} and MaxKappa is {options.MaxKappa}; a MinKappa of at most MaxKappa is wanted.", name);
            }
            if (!allows(value))
            {
                throw new ArgumentException($"κ starts from {start}, which the limit {value} does not allow; a limit that allows it is wanted.", name);
            }
        }
    }
}
