using ErLoss.Training;
using ErLoss.Training.Studies;

namespace ErTraining.Reports;

/// <summary>A point of a curve over epochs.</summary>
/// <param name="Epoch">Zero before training.</param>
/// <param name="Mean">Over seeds.</param>
/// <param name="Least">Over seeds.</param>
/// <param name="Most">Over seeds.</param>
internal sealed record CurvePoint(int Epoch, double Mean, double Least, double Most);

/// <summary>Metrics of a variant over epochs, its seeds together.</summary>
internal static class StudyCurves
{
    /// <summary>A metric at the epochs that have it.</summary>
    /// <param name="cells">One a seed. Those that failed count only if all did, so that a curve is of the same seeds throughout.</param>
    /// <param name="metric">Of an epoch.</param>
    /// <param name="before">Of the untrained encoder, if the metric has such a value.</param>
    public static IReadOnlyList<CurvePoint> Points(
        IEnumerable<CellOutcome> cells, Func<EpochMetrics, double?> metric, Func<RunResult, double?>? before = null)
    {
        ILookup<bool, CellOutcome> byEnd = cells.ToLookup(cell => cell.Status == CellStatus.Finished);
        CellOutcome[] shown = [.. byEnd[byEnd.Contains(true)]];
        IEnumerable<(int Epoch, double? Value)> values =
        [
            .. shown.Where(cell => cell.Result is not null).Select(cell => (0, before?.Invoke(cell.Result!))),
            .. shown.SelectMany(cell => cell.Epochs).Select(epoch => (epoch.Epoch, metric(epoch))),
        ];
        return
        [
            .. from value in values
               where value.Value is not null
               group value.Value!.Value by value.Epoch into epoch
               orderby epoch.Key
               select new CurvePoint(epoch.Key, epoch.Average(), epoch.Min(), epoch.Max()),
        ];
    }
}
