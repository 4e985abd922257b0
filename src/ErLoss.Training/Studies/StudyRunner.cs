using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Runs;

namespace ErLoss.Training.Studies;

/// <summary>
/// Trains the cells of a study that are not finished yet. Other processes may do the same in the same folder, on this machine or another one. Each claims the cells that it trains; that
/// which finds no more of them to claim waits for those of the others, and takes over those of a process that is over.
/// </summary>
/// <param name="plan">The study.</param>
/// <param name="folder">Where cells and study.json go.</param>
/// <param name="processes">The processes that work on the study, of which this one is one already.</param>
/// <param name="claims">Their claims on cells.</param>
/// <param name="observer">Who is told.</param>
/// <param name="runCell">Runs the program as a cell.</param>
/// <param name="train">Arguments with which the program trains, or goes on to train, what a settings file says, into a folder: file and folder to arguments.</param>
internal sealed class StudyRunner(
    StudyPlan plan, StudyFolder folder, StudyProcesses processes, CellClaims claims, IStudyObserver observer, CellProcess.Runner runCell, Func<string, string, IEnumerable<string>> train)
{
    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(100), s_longestPause = TimeSpan.FromSeconds(5);

    private readonly StudyCells _cells = new(plan, folder, processes, claims, observer);

    /// <summary>One a cell; those that were not come to yet are pending.</summary>
    public IReadOnlyList<CellOutcome> Outcomes => _cells.Outcomes;

    /// <summary>Keeps what is finished, goes on with what was interrupted, and trains the rest, until no cell is pending.</summary>
    /// <param name="parallel">How many cells at once.</param>
    /// <param name="cancellation">Interrupts the cells that run.</param>
    /// <exception cref="OperationCanceledException">Cancelled; no cell's process is left.</exception>
    /// <exception cref="DataException">A cell found its command line or its data bad; so would the others.</exception>
    public async Task RunAsync(int parallel, CancellationToken cancellation)
    {
        _cells.Look(isFirst: true);
        _cells.Reduce();
        _cells.Save();
        using var over = new CancellationTokenSource();
        Task beating = BeatAsync(over.Token);
        try
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(0, parallel), new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation }, (_, stop) => WorkAsync(stop));
        }
        finally
        {
            await over.CancelAsync();
            await beating;
        }
        _cells.Save();
    }

    /// <summary>Shows the others that this process is at work, and gives up those of its cells that another one has taken over meanwhile.</summary>
    private async Task BeatAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(SilenceWatch.BeatInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                try
                {
                    processes.Beat();
                    foreach (StudyCells.OwnCell own in _cells.Lost())
                    {
                        await own.Taken.CancelAsync();
                    }
                    _cells.Look();
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // The file server does not answer; the next time it may.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The study is over.
        }
    }

    /// <summary>Trains one cell after the other.</summary>
    private async ValueTask WorkAsync(CancellationToken stop)
    {
        for (TimeSpan pause = s_moment; ; pause = pause < s_longestPause ? 1.5 * pause : s_longestPause)
        {
            _cells.Look(age: pause / 2); // all that wait here look in turns
            if (_cells.AreOver)
            {
                return;
            }
            if (_cells.TakeNext() is { } own)
            {
                _cells.Leave(own, await TrainAsync(own, stop));
                _cells.Save();
                pause = s_moment;
            }
            else
            {
                await Task.Delay(pause, stop);
            }
        }
    }

    /// <summary>Trains a cell.</summary>
    /// <returns>What it came to; null if another process has taken the cell over, because it took this one to be over.</returns>
    private async Task<CellOutcome?> TrainAsync(StudyCells.OwnCell own, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, own.Taken.Token);
        RunReader? run = null;
        try
        {
            await WaitForEarlierAsync(own, stop.Token);
            run = folder.Begin(own.Cell, own.Claim.Number);
            _cells.OnStart(own, run);
            CellProcess.Ending ending = await runCell(train(folder.WriteSettings(own.Cell), run.Path), stop.Token);
            if (!_cells.IsLost(own) && Outcome(own, run, ending) is { } outcome)
            {
                return outcome;
            }
        }
        catch (Exception) when (!cancellation.IsCancellationRequested && _cells.IsLost(own))
        {
            // Its folder may have been moved away at any time.
        }
        StudyFolder.Discard(run);
        return null;
    }

    /// <summary>Waits until a process that trained the cell before, for a study that was killed, has saved what it has.</summary>
    private async Task WaitForEarlierAsync(StudyCells.OwnCell own, CancellationToken cancellation)
    {
        for (bool isTold = false; folder.Cells.Latest(own.Cell) is { IsInUse: true } left; isTold = true)
        {
            if (!isTold)
            {
                _cells.OnWait(own, left);
            }
            await Task.Delay(s_moment, cancellation);
            folder.Cells.Refresh();
        }
    }

    private CellOutcome? Outcome(StudyCells.OwnCell own, RunReader run, CellProcess.Ending ending)
    {
        string message = ending.Message.StartsWith("error: ", StringComparison.Ordinal) ? ending.Message["error: ".Length..] : ending.Message;
        CellOutcome outcome = ending.ExitCode switch
        {
            ExitCode.Interrupted => throw new OperationCanceledException(), // by the terminal, which tells all its processes at once
            ExitCode.BadInput => throw new DataException($"{own.Cell.Name}: {message}"),
            ExitCode.Success when folder.Read(run, own.Cell) is { } finished => finished,
            var code => CellOutcome.Failed(own.Cell, message.Length > 0 ? message : $"It ended with exit code {code} and without a whole run in its folder.", run.ReadEpochs()),
        };
        if (!claims.TryEnd(own.Claim, outcome.Message))
        {
            return null;
        }
        folder.Keep(own.Cell, run);
        return outcome;
    }
}
