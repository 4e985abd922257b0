using System.Diagnostics;
using ErLoss.Training;
using ErLoss.Training.Runs;
using ErLoss.Training.Studies;
using Spectre.Console;

namespace ErTraining.Terminal;

/// <summary>
/// Shows a study as it goes: on a terminal a live table of the cells that run, those of other processes with their machine, and the last that are over; elsewhere a plain line a cell, and one every ten seconds between them.
/// </summary>
internal sealed class StudyDisplay : IStudyObserver, IDisposable
{
    private const int OverShown = 10;
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly int _images;
    private readonly double _epochs;
    private readonly int _parallel;
    private readonly List<StudyCell> _pending;
    private readonly List<CellOutcome> _over = [];
    private readonly Dictionary<StudyCell, (RunReader Run, Stopwatch Since)> _running = [];
    private readonly Dictionary<StudyCell, (RunReader? Run, string Place)> _elsewhere = [];
    private readonly Dictionary<StudyCell, IReadOnlyList<EpochMetrics>> _epochsOf = [];
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
        _parallel = parallel;
        _pending = [.. plan.Cells];
        _live = LiveArea.Take("starting");
        _lines = _live is null ? new Heartbeat(Status) : null;
        _timer = _live is null ? null : new Timer(_ => Draw(), null, s_interval, s_interval);
    }

    private int Cells => _over.Count + _running.Count + _elsewhere.Count + _pending.Count;

    /// <inheritdoc/>
    public void OnCellStart(StudyCell cell, RunReader run)
    {
        lock (_gate)
        {
            Forget(cell);
            _running[cell] = (run, Stopwatch.StartNew());
        }
    }

    /// <inheritdoc/>
    public void OnCellElsewhere(StudyCell cell, RunReader? run, string? host)
    {
        lock (_gate)
        {
            bool isNew = !_elsewhere.ContainsKey(cell);
            _pending.Remove(cell);
            _running.Remove(cell);
            _elsewhere[cell] = (run, host is null || host == Environment.MachineName ? "in another process" : $"on {host}");
            if (isNew)
            {
                _lines?.WriteLine($"{cell.Name} is being trained {_elsewhere[cell].Place}");
            }
        }
    }

    /// <inheritdoc/>
    public void OnCellFree(StudyCell cell)
    {
        lock (_gate)
        {
            Forget(cell);
            _pending.Add(cell);
        }
    }

    /// <inheritdoc/>
    public void OnCellEnd(CellOutcome outcome, bool wasKept)
    {
        lock (_gate)
        {
            string place = wasKept ? ", kept" : _elsewhere.TryGetValue(outcome.Cell, out var elsewhere) ? $", {elsewhere.Place}" : _running.ContainsKey(outcome.Cell) ? "" : ", in another process";
            Forget(outcome.Cell);
            _over.Add(outcome);
            _lines?.WriteLine($"cell {_over.Count}/{Cells} {outcome.Cell.Name}: {Describe(outcome)}{place}{(wasKept ? "" : Left())}"); // before the others are looked through, what is left is not known
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
            IEnumerable<string> running =
            [
                .. _running.Select(cell => $"{cell.Key.Name} in epoch {Epoch(cell.Key)}"),
                .. _elsewhere.Select(cell => $"{cell.Key.Name} in epoch {Epoch(cell.Key)} {cell.Value.Place}"),
            ];
            return $"{_over.Count} of {Cells} cells are over; {string.Join(", ", running.DefaultIfEmpty("the next one starts"))}{Left()}";
        }
    }

    private string Epoch(StudyCell cell) => $"{Math.Min(Epochs(cell).Count + 1, cell.Settings.Epochs)}/{cell.Settings.Epochs}";

    /// <summary>The epochs of a cell so far. Those of another process's cell stay known when its folder gets another name because the cell is over or is taken over.</summary>
    private IReadOnlyList<EpochMetrics> Epochs(StudyCell cell)
    {
        RunReader? run = _running.TryGetValue(cell, out var running) ? running.Run : _elsewhere.TryGetValue(cell, out var elsewhere) ? elsewhere.Run : null;
        IReadOnlyList<EpochMetrics> now = run?.ReadEpochs() ?? [], before = _epochsOf.GetValueOrDefault(cell, []);
        return now.Count >= before.Count ? _epochsOf[cell] = now : before;
    }

    private void Forget(StudyCell cell)
    {
        _pending.Remove(cell);
        _running.Remove(cell);
        _elsewhere.Remove(cell);
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
            foreach ((StudyCell cell, (_, Stopwatch since)) in _running)
            {
                AddUnfinished(cell, $"[yellow]{cell.Name.EscapeMarkup()}[/]", ProgressLine.Clock(since.Elapsed));
            }
            foreach ((StudyCell cell, (_, string place)) in _elsewhere)
            {
                AddUnfinished(cell, $"[blue]{cell.Name.EscapeMarkup()}[/] {place.EscapeMarkup()}", "");
            }
            string note = $"{_over.Count} of {Cells} cells, {ProgressLine.Clock(_sinceStart.Elapsed)} so far";
            _live!.Show(new Rows(table, ProgressLine.Bar(epochsDone / _epochs, TimeLeft(), note, AnsiConsole.Profile.Width)));

            void AddUnfinished(StudyCell cell, string name, string time)
            {
                IReadOnlyList<EpochMetrics> epochs = Epochs(cell);
                epochsDone += epochs.Count;
                string knn = epochs.LastOrDefault(epoch => epoch.KnnAccuracy is not null)?.KnnAccuracy?.ToString("p1") ?? "";
                table.AddRow(name, $"{epochs.Count}/{cell.Settings.Epochs}", knn, time);
            }
        }
    }

    private static string Describe(CellOutcome outcome) => outcome.Result is { } result
        ? $"kNN {result.KnnAccuracy:p1} in {ProgressLine.Clock(TimeSpan.FromSeconds(result.Seconds))}"
        : $"failed: {outcome.Message?.TrimEnd('.')}";

    private TimeSpan? TimeLeft() => new StudyClock(_parallel + _elsewhere.Count).TimeLeft(
        [.. _over.Where(outcome => outcome.Result is not null).Select(outcome => new StudyClock.Finished(outcome.Cell.Variant.Method, outcome.Result!.Epochs, outcome.Result.Seconds))],
        [
            .. _running.Keys.Concat(_elsewhere.Keys).Concat(_pending).Select(Unfinished),
        ]);

    private StudyClock.Unfinished Unfinished(StudyCell cell)
    {
        IReadOnlyList<EpochMetrics> epochs = Epochs(cell);
        return new(cell.Variant.Method, cell.Settings.Epochs - epochs.Count, epochs.Count == 0 ? null : _images / epochs.Average(epoch => epoch.ImagesPerSecond));
    }
}
