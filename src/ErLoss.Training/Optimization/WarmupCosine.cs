namespace ErLoss.Training.Optimization;

/// <summary>A learning rate that rises linearly for the first steps and then falls along half a cosine to zero.</summary>
/// <remarks>Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, without the restarts.</remarks>
/// <param name="peak">The rate at the end of the warm-up.</param>
/// <param name="warmupSteps">Steps of the warm-up.</param>
/// <param name="totalSteps">Steps of this schedule: of the whole run, unless its number of epochs was changed on the way.</param>
internal readonly struct WarmupCosine(double peak, long warmupSteps, long totalSteps)
{
    /// <summary>The rate of step <paramref name="step"/>, counted from zero; never zero before the last step is done.</summary>
    public double At(long step) => step < warmupSteps
        ? peak * (step + 1) / warmupSteps
        : peak * (1 + Math.Cos(Math.PI * (step - warmupSteps) / (totalSteps - warmupSteps))) / 2;
}
