namespace ErLoss.Training.Studies;

/// <summary>How long the rest of a study will take.</summary>
/// <param name="epochs">Of each cell.</param>
/// <param name="parallel">Cells that run at once.</param>
internal sealed class StudyClock(int epochs, int parallel)
{
    /// <summary>A cell that is being trained.</summary>
    /// <param name="Method">Name of its method.</param>
    /// <param name="EpochsDone">How far it is.</param>
    /// <param name="SecondsAnEpoch">Its images over its images a second; null before its first epoch is over.</param>
    public sealed record Running(string Method, int EpochsDone, double? SecondsAnEpoch);

    /// <summary>
    /// The epochs left, each at its method's pace: that of the method's finished cells, or of those that run, or else of any cells.
    /// Null while there is no pace at all.
    /// </summary>
    public TimeSpan? TimeLeft(
        IReadOnlyCollection<(string Method, double Seconds)> finished,
        IReadOnlyCollection<Running> running,
        IReadOnlyCollection<string> pendingMethods)
    {
        double seconds = 0;
        foreach ((string method, int epochsLeft) in running
            .Select(cell => (cell.Method, epochs - cell.EpochsDone))
            .Concat(pendingMethods.Select(method => (method, epochs))))
        {
            if ((Pace(cell => cell == method) ?? Pace(_ => true)) is not { } pace)
            {
                return null;
            }
            seconds += epochsLeft * pace;
        }
        int lanes = Math.Clamp(running.Count + pendingMethods.Count, 1, parallel);
        return TimeSpan.FromSeconds(seconds / lanes);

        double? Pace(Predicate<string> of) =>
            Mean(finished.Where(cell => of(cell.Method)).Select(cell => cell.Seconds / Math.Max(1, epochs)))
                ?? Mean(running.Where(cell => of(cell.Method) && cell.SecondsAnEpoch is not null).Select(cell => cell.SecondsAnEpoch!.Value));
    }

    private static double? Mean(IEnumerable<double> values) => values.Select(value => (double?)value).Average();
}
