using ErLoss.Training;
using ErLoss.Training.Statistics;
using Spectre.Console;

namespace ErTraining.Terminal;

/// <summary>The last words of a run: what was learnt.</summary>
internal static class TrainingSummary
{
    /// <summary>Writes them to the console.</summary>
    /// <param name="result">What the run came to.</param>
    /// <param name="memory">What it took of a GPU's memory, as a sentence; null on the CPU.</param>
    public static void Write(RunResult result, string? memory)
    {
        if (result is { KnnAccuracyBefore: { } before, KnnAccuracy: { } after })
        {
            AnsiConsole.MarkupLineInterpolated(
                $"kNN accuracy on the test images: [bold]{before:p1}[/]{Range(result.KnnAccuracyBeforeInterval)} before training, [bold]{after:p1}[/]{Range(result.KnnAccuracyInterval)} after: {Gain(result, before, after)}.");
        }
        if (result is { LinearProbeAccuracyBefore: { } probeBefore, LinearProbeAccuracy: { } probe })
        {
            AnsiConsole.MarkupLineInterpolated(
                $"Linear probe on the test images: [bold]{probeBefore:p1}[/]{Range(result.LinearProbeAccuracyBeforeInterval)} before training, [bold]{probe:p1}[/]{Range(result.LinearProbeAccuracyInterval)} after.");
        }
        if (result.MutualInformationBound is { } bound)
        {
            AnsiConsole.MarkupLineInterpolated(
                $"Mutual information of the views' projections, lower bound as estimated: {bound:f2} nats. Entropy in the loss: {result.Entropy:f2}, reconstruction: {result.Reconstruction:f2}.");
        }
        if (result is { ViewRetrievalBefore: { } found, ViewRetrieval: { } finds })
        {
            int images = Evaluator.RetrievedImages(result.TestImages);
            AnsiConsole.MarkupLineInterpolated(
                $"View retrieval: for [bold]{found:p1}[/] of the views before training and [bold]{finds:p1}[/] after, the nearest of {2 * images:n0} projections is the other view of the same test image (chance: {1 / (2.0 * images - 1):p2}).");
        }
        string pace = result.Epochs > 0 ? $", {result.ImagesPerSecond:f0} images/s in training" : "";
        AnsiConsole.MarkupLineInterpolated($"{result.Seconds:f0} s in all{pace}.{(memory is null ? "" : " " + memory)}");
    }

    private static string Range(ConfidenceInterval? interval) => interval is null ? "" : $" ({interval.ToString("p1")})";

    /// <summary>"+46.0 points (+43.1 to +48.8; 95% confidence intervals in brackets)".</summary>
    private static string Gain(RunResult result, double before, double after)
    {
        string points = Points(after - before);
        return result is { KnnAccuracyInterval: { } ofAfter, KnnAccuracyBeforeInterval: { } ofBefore }
            ? $"{points} points ({ConfidenceInterval.OfDifference(after, ofAfter, before, ofBefore).ToString(Points)}; 95% confidence intervals in brackets)"
            : $"{points} points";
    }

    private static string Points(double difference) => (100 * difference).ToString("+0.0;-0.0;0.0");
}
