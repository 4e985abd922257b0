namespace ErLoss.SelfSupervised.Evaluation;

/// <summary>What the linear probe found.</summary>
/// <param name="TrainAccuracy">On the images the classifier was trained on.</param>
/// <param name="TestAccuracy">On the test images.</param>
/// <param name="Penalty">The weight of the L2 penalty that was picked.</param>
/// <param name="Iterations">Of the final fit.</param>
/// <param name="Converged">Whether the final fit reached its tolerance.</param>
public sealed record LinearProbeResult(double TrainAccuracy, double TestAccuracy, double Penalty, int Iterations, bool Converged);
