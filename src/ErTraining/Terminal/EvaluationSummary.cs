using ErLoss.SelfSupervised.Evaluation;
using ErLoss.Training;
using Spectre.Console;

namespace ErTraining.Terminal;

/// <summary>The last words of an evaluation: what the features are worth.</summary>
internal static class EvaluationSummary
{
    /// <summary>Writes them to the console.</summary>
    public static void Write(EvaluationResult result)
    {
        AnsiConsole.MarkupLineInterpolated(
            $"kNN accuracy on the test images: [bold]{result.KnnAccuracy:p1}[/] (95% confidence interval {result.KnnAccuracyInterval.ToString("p1")}; k = {NearestNeighbours.NeighbourCount(result.LabelledTrainImages)})");
        string end = result.LinearProbeConverged ? "converged in" : "NOT converged after";
        AnsiConsole.MarkupLineInterpolated(
            $"linear-probe accuracy on the test images: [bold]{result.LinearProbeAccuracy:p1}[/] (95% confidence interval {result.LinearProbeAccuracyInterval.ToString("p1")}); {result.LinearProbeTrainAccuracy:p1} on those it was trained on (L2 penalty {result.LinearProbePenalty}, {end} {result.LinearProbeIterations} iterations)");
        AnsiConsole.MarkupLineInterpolated($"{result.Seconds:f0} s in all.");
    }
}
