namespace ErLoss.Modules.Tests;

/// <summary>Every combination of settings that means something, with equal weights and with unequal ones.</summary>
internal static class Combinations
{
    private static readonly bool[] Either = [false, true];
    private static readonly bool[] Never = [false];
    private static readonly (double Entropy, double Reconstruction)[] Weights = [(1, 1), (0.7, 1.9)];

    public static readonly EntropyReconstructionOptions[] All = [.. Enumerate()];

    /// <summary>As cases of a test, with short names.</summary>
    public static IEnumerable<TestCaseData> Cases() =>
        All.Select(options => new TestCaseData(options).SetArgDisplayNames(Describe(options)));

    private static IEnumerable<EntropyReconstructionOptions> Enumerate() =>
        from support in Enum.GetValues<Modules.Support>()
        from estimator in Enum.GetValues<EntropyEstimator>()
        from normalizer in Enum.GetValues<Normalizer>()
        from leaveOneOut in Either
        from normalizeInputs in Either
        from learnKappa in support == Modules.Support.Sphere && !leaveOneOut ? Either : Never
        from weights in Weights
        select new EntropyReconstructionOptions
        {
            Kappa = 4,
            LearnKappa = learnKappa,
            Support = support,
            Estimator = estimator,
            EntropyWeight = weights.Entropy,
            ReconstructionWeight = weights.Reconstruction,
            LeaveOneOut = leaveOneOut,
            NormalizeInputs = normalizeInputs,
            Normalizer = normalizer,
        };

    private static string Describe(EntropyReconstructionOptions options) => string.Join(
        ' ',
        options.Support,
        options.Estimator,
        options.Normalizer,
        options.LeaveOneOut ? "leave-one-out" : "all",
        options.NormalizeInputs ? "normalised" : "as-given",
        options.LearnKappa ? "learnt" : "fixed",
        options.EntropyWeight == options.ReconstructionWeight ? "equal" : "weighted");
}
