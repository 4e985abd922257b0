using ErLoss.SelfSupervised.Evaluation;
using ErLoss.Training;
using Spectre.Console;

namespace ErTraining.Terminal;

/// <summary>The last words of an evaluation: what the features are worth.</summary>
internal static class EvaluationSummary
{
    private const int MostClasses = 20, FewClasses = 5;

    /// <summary>Writes them to the console.</summary>
    public static void Write(EvaluationResult result)
    {
        AnsiConsole.MarkupLineInterpolated(
            $"kNN accuracy on the test images: [bold]{result.KnnAccuracy:p1}[/] (95% confidence interval {result.KnnAccuracyInterval.ToString("p1")}; k = {NearestNeighbours.NeighbourCount(result.LabelledTrainImages)})");
        AnsiConsole.MarkupLineInterpolated($"kNN accuracy by class: {ByClass(result.KnnClassAccuracy)}");
        string end = result.LinearProbeConverged ? "converged in" : "NOT converged after";
        AnsiConsole.MarkupLineInterpolated(
            $"linear-probe accuracy on the test images: [bold]{result.LinearProbeAccuracy:p1}[/] (95% confidence interval {result.LinearProbeAccuracyInterval.ToString("p1")}); {result.LinearProbeTrainAccuracy:p1} on those it was trained on (L2 penalty {result.LinearProbePenalty}, {end} {result.LinearProbeIterations} iterations)");
        AnsiConsole.MarkupLineInterpolated($"{result.Seconds:f0} s in all.");
    }

    /// <summary>"cat 71.0 %, dog 64.5 %", best first; of many classes the best and the worst few.</summary>
    private static string ByClass(IReadOnlyDictionary<string, double> accuracies)
    {
        string[] all = [.. accuracies.OrderByDescending(of => of.Value).Select(of => $"{of.Key} {of.Value:p1}")];
        return all.Length <= MostClasses ? string.Join(", ", all)
            : $"best {string.Join(", ", all.Take(FewClasses))}; worst {string.Join(", ", all.TakeLast(FewClasses))}; of {all.Length} classes";
    }
}
