namespace ErLoss.Training.Studies;

/// <summary>How long the rest of a study will take.</summary>
/// <param name="parallel">Cells that run at once.</param>
internal sealed class StudyClock(int parallel)
{
    /// <summary>A cell that is over.</summary>
    /// <param name="Method">Name of its method.</param>
    /// <param name="Epochs">How many it had.</param>
    /// <param name="Seconds">How long it took.</param>
    public sealed record Finished(string Method, int Epochs, double Seconds);

    /// <summary>A cell that is being trained, or waits for it.</summary>
    /// <param name="Method">Name of its method.</param>
    /// <param name="EpochsLeft">How many it has still to train.</param>
    /// <param name="SecondsAnEpoch">Its images over its images a second; null before its first epoch is over.</param>
    public sealed record Unfinished(string Method, int EpochsLeft, double? SecondsAnEpoch);

    /// <summary>
    /// The epochs left, each at its method's pace: that of the method's finished cells, or of those that run, or else of any cells.
    /// Null while there is no pace at all.
    /// </summary>
    public TimeSpan? TimeLeft(IReadOnlyCollection<Finished> finished, IReadOnlyCollection<Unfinished> unfinished)
    {
        double seconds = 0;
        foreach (Unfinished left in unfinished)
        {
            if ((Pace(method => method == left.Method) ?? Pace(_ => true)) is not { } pace)
            {
                return null;
            }
            seconds += left.EpochsLeft * pace;
        }
        return TimeSpan.FromSeconds(seconds / Math.Clamp(unfinished.Count, 1, parallel));

        double? Pace(Predicate<string> isMeant) =>
            Mean(finished.Where(cell => isMeant(cell.Method)).Select(cell => cell.Seconds / Math.Max(1, cell.Epochs)))
                ?? Mean(unfinished.Where(cell => isMeant(cell.Method)).Select(cell => cell.SecondsAnEpoch).OfType<double>());
    }

    private static double? Mean(IEnumerable<double> values) => values.Select(value => (double?)value).Average();
}
