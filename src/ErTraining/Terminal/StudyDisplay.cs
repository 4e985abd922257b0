using System.Diagnostics;
using ErLoss.Training;
using ErLoss.Training.Runs;
using ErLoss.Training.Studies;
using Spectre.Console;

namespace ErTraining.Terminal;

/// <summary>
/// Shows a study as it goes: on a terminal a live table of the cells that run, with the last that are over; elsewhere a plain line a cell, and one every ten seconds between them.
/// </summary>
internal sealed class StudyDisplay : IStudyObserver, IDisposable
{
    private const int OverShown = 10;
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly int _images;
    private readonly double _epochs;
    private readonly StudyClock _clock;
    private readonly List<StudyCell> _pending;
    private readonly List<CellOutcome> _over = [];
    private readonly Dictionary<StudyCell, (RunReader Run, Stopwatch Since)> _running = [];
    private readonly LiveArea? _live;
    private readonly Timer? _timer;
    private readonly Heartbeat? _lines;
    private readonly Stopwatch _sinceStart = Stopwatch.StartNew();

    /// <summary>Takes over the terminal's last lines, if there is a terminal, until disposed.</summary>
    /// <param name="plan">The study.</param>
    /// <param name="images">Training images of each cell.</param>
    /// <param name="parallel">Cells that run at once.</param>
    public StudyDisplay(StudyPlan plan, int images, int parallel)
    {
        _images = images;
        _epochs = plan.Cells.Sum(cell => (double)cell.Settings.Epochs);
        _clock = new StudyClock(parallel);
        _pending = [.. plan.Cells];
        _live = LiveArea.Take("starting");
        _lines = _live is null ? new Heartbeat(Status) : null;
        _timer = _live is null ? null : new Timer(_ => Draw(), null, s_interval, s_interval);
    }

    private int Cells => _over.Count + _running.Count + _pending.Count;

    /// <inheritdoc/>
    public void OnCellStart(StudyCell cell, RunReader run)
    {
        lock (_gate)
        {
            _pending.Remove(cell);
            _running[cell] = (run, Stopwatch.StartNew());
        }
    }

    /// <inheritdoc/>
    public void OnCellEnd(CellOutcome outcome, bool wasKept)
    {
        lock (_gate)
        {
            _pending.Remove(outcome.Cell);
            _running.Remove(outcome.Cell);
            _over.Add(outcome);
            _lines?.WriteLine($"cell {_over.Count}/{Cells} {outcome.Cell.Name}: {Describe(outcome)}{(wasKept ? ", kept" : "")}{Left()}");
        }
    }

    /// <summary>Gives the terminal back; the last table stays on it.</summary>
    public void Dispose()
    {
        if (_timer is not null)
        {
            _timer.Dispose();
            Draw();
        }
        _live?.Dispose();
        _lines?.Dispose();
    }

    /// <summary>A line between those of cells: "2 of 12 cells are over; simclr_er_64_0 is in epoch 3/5, 12:30 left".</summary>
    private string Status()
    {
        lock (_gate)
        {
            IEnumerable<string> running = _running.Select(cell => $"{cell.Key.Name} in epoch {Math.Min(cell.Value.Run.ReadEpochs().Count + 1, cell.Key.Settings.Epochs)}/{cell.Key.Settings.Epochs}");
            return $"{_over.Count} of {Cells} cells are over; {string.Join(", ", running.DefaultIfEmpty("the next one starts"))}{Left()}";
        }
    }

    /// <summary>Ends a plain line; nothing where all is done.</summary>
    private string Left() => _over.Count == Cells ? "" : TimeLeft() is { } time ? $", {ProgressLine.Clock(time)} left" : ", time left not known yet";

    private void Draw()
    {
        lock (_gate)
        {
            Table table = new Table().Border(TableBorder.Rounded);
            table.AddColumn("cell").AddColumn(new TableColumn("epoch").RightAligned().NoWrap()).AddColumn(new TableColumn("kNN").RightAligned().NoWrap());
            table.AddColumn(new TableColumn("time").RightAligned().NoWrap());
            foreach (CellOutcome outcome in _over.TakeLast(OverShown))
            {
                string time = outcome.Result is { } result ? ProgressLine.Clock(TimeSpan.FromSeconds(result.Seconds)) : "";
                string knn = outcome.Result?.KnnAccuracy?.ToString("p1") ?? "[red]failed[/]";
                table.AddRow(outcome.Cell.Name.EscapeMarkup(), $"{outcome.Epochs.Count}/{outcome.Cell.Settings.Epochs}", knn, time);
            }
            double epochsDone = _over.Sum(outcome => (double)outcome.Cell.Settings.Epochs);
            foreach ((StudyCell cell, (RunReader run, Stopwatch since)) in _running)
            {
                IReadOnlyList<EpochMetrics> epochs = run.ReadEpochs();
                epochsDone += epochs.Count;
                string knn = epochs.LastOrDefault(epoch => epoch.KnnAccuracy is not null)?.KnnAccuracy?.ToString("p1") ?? "";
                table.AddRow($"[yellow]{cell.Name.EscapeMarkup()}[/]", $"{epochs.Count}/{cell.Settings.Epochs}", knn, ProgressLine.Clock(since.Elapsed));
            }
            string note = $"{_over.Count} of {Cells} cells, {ProgressLine.Clock(_sinceStart.Elapsed)} so far";
            _live!.Show(new Rows(table, ProgressLine.Bar(epochsDone / _epochs, TimeLeft(), note, AnsiConsole.Profile.Width)));
        }
    }

    private static string Describe(CellOutcome outcome) => outcome.Result is { } result
        ? $"kNN {result.KnnAccuracy:p1} in {ProgressLine.Clock(TimeSpan.FromSeconds(result.Seconds))}"
        : $"failed: {outcome.Message?.TrimEnd('.')}";

    private TimeSpan? TimeLeft() => _clock.TimeLeft(
        [.. _over.Where(outcome => outcome.Result is not null).Select(outcome => new StudyClock.Finished(outcome.Cell.Variant.Method, outcome.Result!.Epochs, outcome.Result.Seconds))],
        [
            .. from cell in _running
               let epochs = cell.Value.Run.ReadEpochs()
               select new StudyClock.Unfinished(
                   cell.Key.Variant.Method,
                   cell.Key.Settings.Epochs - epochs.Count,
                   epochs.Count == 0 ? null : _images / epochs.Average(epoch => epoch.ImagesPerSecond)),
            .. _pending.Select(cell => new StudyClock.Unfinished(cell.Variant.Method, cell.Settings.Epochs, null)),
        ]);
}
