using ErLoss.Training;
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
        double points = 100 * (result.KnnAccuracy - result.KnnAccuracyBefore);
        string interval = result.KnnAccuracyInterval is { } of ? $"; 95% confidence interval after training: {of.ToString("p1")}" : "";
        AnsiConsole.MarkupLineInterpolated(
            $"kNN accuracy on the test images: [bold]{result.KnnAccuracyBefore:p1}[/] before training, [bold]{result.KnnAccuracy:p1}[/] after ({points:+0.0;-0.0;0.0} points){interval}");
        if (result.MutualInformationBound is { } bound)
        {
            AnsiConsole.MarkupLineInterpolated(
                $"Mutual information of the views' projections, lower bound as estimated: {bound:f2} nats. Entropy in the loss: {result.Entropy:f2}, reconstruction: {result.Reconstruction:f2}.");
        }
        string pace = result.Epochs > 0 ? $", {result.ImagesPerSecond:f0} images/s in training" : "";
        AnsiConsole.MarkupLineInterpolated($"{result.Seconds:f0} s in all{pace}.{(memory is null ? "" : " " + memory)}");
    }
}
