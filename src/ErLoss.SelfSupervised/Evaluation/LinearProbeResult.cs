namespace ErLoss.SelfSupervised.Evaluation;

/// <summary>What the linear probe found.</summary>
/// <param name="TrainAccuracy">Accuracy on the images that the classifier was trained on.</param>
/// <param name="TestAccuracy">Accuracy on the test images.</param>
/// <param name="Penalty">The weight of the L2 penalty that was picked.</param>
/// <param name="Iterations">Number of iterations of the final fit.</param>
/// <param name="Converged">Whether the final fit reached its tolerance.</param>
public sealed record LinearProbeResult(double TrainAccuracy, double TestAccuracy, double Penalty, int Iterations, bool Converged);
