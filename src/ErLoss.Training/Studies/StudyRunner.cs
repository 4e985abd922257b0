using System.Diagnostics;
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

    private readonly Lock _gate = new();
    private readonly CellOutcome[] _outcomes = [.. plan.Cells.Select(CellOutcome.Pending)];
    private readonly Dictionary<int, OwnCell> _own = []; // by the places of the cells in the plan
    private readonly Dictionary<int, string?> _elsewhere = []; // likewise; the hosts

    private long _looked;

    /// <summary>One a cell; those that were not come to yet are pending.</summary>
    public IReadOnlyList<CellOutcome> Outcomes => _outcomes;

    /// <summary>Keeps what is finished, goes on with what was interrupted, and trains the rest, until no cell is pending.</summary>
    /// <param name="parallel">How many cells at once.</param>
    /// <param name="cancellation">Interrupts the cells that run.</param>
    /// <exception cref="OperationCanceledException">Cancelled; no cell's process is left.</exception>
    /// <exception cref="DataException">A cell found its command line or its data bad; so would the others.</exception>
    public async Task RunAsync(int parallel, CancellationToken cancellation)
    {
        lock (_gate)
        {
            Look(isFirst: true);
        }
        Save();
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
        Save();
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
                    OwnCell[] lost;
                    lock (_gate)
                    {
                        lost = [.. _own.Values.Where(own => claims.IsLost(own.Claim))];
                        Look();
                    }
                    foreach (OwnCell own in lost)
                    {
                        await own.Lost.CancelAsync();
                    }
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
            int index;
            lock (_gate)
            {
                if (Stopwatch.GetElapsedTime(_looked) > pause / 2) // all that wait here look in turns
                {
                    Look();
                }
                if (_outcomes.All(outcome => outcome.Status != CellStatus.Pending))
                {
                    return;
                }
                index = TakeNext();
            }
            if (index < 0)
            {
                await Task.Delay(pause, stop);
                continue;
            }
            await TrainAsync(index, stop);
            pause = s_moment;
        }
    }

    /// <summary>Claims the first cell that is free; -1 if none is.</summary>
    private int TakeNext()
    {
        foreach ((int index, StudyCell cell) in plan.Cells.Index())
        {
            if (_outcomes[index].Status != CellStatus.Pending || _own.ContainsKey(index) || _elsewhere.ContainsKey(index) || claims.TryTake(cell.Name) is not { } claim)
            {
                continue;
            }
            folder.Refresh();
            if (folder.Kept(cell) is { } kept) // since this process last looked
            {
                End(index, kept, wasKept: false);
                continue;
            }
            _own.Add(index, new OwnCell(claim));
            return index;
        }
        return -1;
    }

    private async Task TrainAsync(int index, CancellationToken cancellation)
    {
        OwnCell own = _own[index];
        try
        {
            CellOutcome? outcome = await TrainAsync(plan.Cells[index], own, cancellation);
            lock (_gate)
            {
                _own.Remove(index);
                if (outcome is null)
                {
                    observer.OnCellFree(plan.Cells[index]);
                    return;
                }
                End(index, outcome, wasKept: false);
            }
            Save();
        }
        finally
        {
            lock (_gate)
            {
                _own.Remove(index);
            }
        }
    }

    /// <summary>Trains a cell.</summary>
    /// <returns>What it came to; null if another process has taken the cell over, because it took this one to be over.</returns>
    private async Task<CellOutcome?> TrainAsync(StudyCell cell, OwnCell own, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, own.Lost.Token);
        RunReader? run = null;
        try
        {
            for (bool isTold = false; folder.Latest(cell) is { IsInUse: true } left; isTold = true) // the process of a study that was killed saves what it has
            {
                if (!isTold)
                {
                    lock (_gate)
                    {
                        observer.OnCellElsewhere(cell, left, null);
                    }
                }
                await Task.Delay(s_moment, stop.Token);
                folder.Refresh();
            }
            run = folder.Begin(cell, own.Claim.Number);
            lock (_gate)
            {
                observer.OnCellStart(cell, run);
            }
            CellProcess.Ending ending = await runCell(train(folder.WriteSettings(cell), run.Path), stop.Token);
            if (!claims.IsLost(own.Claim) && Outcome(cell, own, run, ending) is { } outcome)
            {
                return outcome;
            }
        }
        catch (Exception) when (!cancellation.IsCancellationRequested && claims.IsLost(own.Claim))
        {
            // Its folder may have been moved away at any time.
        }
        StudyFolder.Discard(run);
        return null;
    }

    private CellOutcome? Outcome(StudyCell cell, OwnCell own, RunReader run, CellProcess.Ending ending)
    {
        string message = ending.Message.StartsWith("error: ", StringComparison.Ordinal) ? ending.Message["error: ".Length..] : ending.Message;
        CellOutcome outcome = ending.ExitCode switch
        {
            ExitCode.Interrupted => throw new OperationCanceledException(), // by the terminal, which tells all its processes at once
            ExitCode.BadInput => throw new DataException($"{cell.Name}: {message}"),
            ExitCode.Success when folder.Read(run, cell) is { } finished => finished,
            var code => CellOutcome.Failed(cell, message.Length > 0 ? message : $"It ended with exit code {code} and without a whole run in its folder.", run.ReadEpochs()),
        };
        if (!claims.TryEnd(own.Claim, outcome.Message))
        {
            return null;
        }
        folder.Keep(cell, run);
        return outcome;
    }

    /// <summary>Finds what the other processes have begun and ended. To be called with the gate held.</summary>
    private void Look(bool isFirst = false)
    {
        _looked = Stopwatch.GetTimestamp();
        folder.Refresh();
        claims.Refresh();
        foreach ((int index, StudyCell cell) in plan.Cells.Index())
        {
            if (_outcomes[index].Status != CellStatus.Pending || _own.ContainsKey(index))
            {
                continue;
            }
            if (folder.Kept(cell) is { } kept)
            {
                End(index, kept, isFirst);
                continue;
            }
            CellStanding standing = claims.Of(cell.Name);
            if (standing.Failure is { } message)
            {
                End(index, CellOutcome.Failed(cell, message, folder.EpochsOf(cell)), wasKept: false);
            }
            else if (!standing.IsFree)
            {
                _elsewhere[index] = standing.Host;
                observer.OnCellElsewhere(cell, folder.Latest(cell), standing.Host);
            }
            else if (_elsewhere.Remove(index))
            {
                observer.OnCellFree(cell);
            }
        }
    }

    private void End(int index, CellOutcome outcome, bool wasKept)
    {
        _elsewhere.Remove(index);
        _outcomes[index] = outcome;
        observer.OnCellEnd(outcome, wasKept);
    }

    /// <summary>Writes study.json. If another process has ended a cell meanwhile, this one may have replaced its newer file by an older one, and writes once more.</summary>
    private void Save()
    {
        lock (_gate)
        {
            int over;
            do
            {
                over = Over();
                folder.Write(plan, _outcomes, processes.OwnPath + AtomicFile.TemporarySuffix);
                Look();
            }
            while (over != Over());
        }

        int Over() => _outcomes.Count(outcome => outcome.Status != CellStatus.Pending);
    }

    /// <summary>A cell that this process trains.</summary>
    /// <param name="Claim">Its right to do so.</param>
    private sealed record OwnCell(CellClaim Claim)
    {
        /// <summary>Cancelled when another process has taken the cell over.</summary>
        public CancellationTokenSource Lost { get; } = new();
    }
}
