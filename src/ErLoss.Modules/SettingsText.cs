using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The settings of a loss as text, in the invariant culture: those that mean something on its support, and those that are rarely set only where they are.</summary>
internal static class SettingsText
{
    /// <param name="options">Of the loss.</param>
    /// <param name="kappa">κ as it is now.</param>
    /// <param name="reconstructionKappa">The reconstruction's; printed only where it is a setting of its own.</param>
    public static string Of(EntropyReconstructionOptions options, double kappa, double? reconstructionKappa)
    {
        List<FormattableString> settings = [$"Support: {options.Support}"];
        bool isSphere = options.Support == Support.Sphere;
        Add(isSphere, $"Kappa: {kappa:g6}{Learnt(options.LearnKappa)}");
        Add(options.ReconstructionKappa is not null, $"ReconstructionKappa: {reconstructionKappa:g6}{Learnt(options.LearnReconstructionKappa)}");
        Add(options.MinKappa is not null, $"MinKappa: {options.MinKappa}");
        Add(options.MaxKappa is not null, $"MaxKappa: {options.MaxKappa}");
        Add(isSphere, $"LeaveOneOut: {options.LeaveOneOut}");
        Add(true, $"Estimator: {options.Estimator}, EntropyWeight: {options.EntropyWeight}, ReconstructionWeight: {options.ReconstructionWeight}");
        Add(true, $"NormalizeInputs: {options.NormalizeInputs}, Normalizer: {options.Normalizer}");
        Add(options.Reduction == nn.Reduction.None, $"Reduction: {options.Reduction}");
        Add(isSphere, $"Evaluation: {options.Evaluation}, ProductPrecision: {options.ProductPrecision}");
        Add(options.Group is not null, $"Group: {options.Group}");
        return string.Join(", ", settings.Select(FormattableString.Invariant));

        void Add(bool isShown, FormattableString setting)
        {
            if (isShown)
            {
                settings.Add(setting);
            }
        }
    }

    private static string Learnt(bool isLearnt) => isLearnt ? " (learnt)" : "";
}
