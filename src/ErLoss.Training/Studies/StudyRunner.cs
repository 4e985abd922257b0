using System.Diagnostics;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Runs;

namespace ErLoss.Training.Studies;

/// <summary>Trains the cells of a study that are not finished yet.</summary>
/// <param name="plan">The study.</param>
/// <param name="folder">Where cells and study.json go.</param>
/// <param name="observer">Who is told.</param>
/// <param name="runCell">Runs the program as a cell.</param>
/// <param name="train">Arguments with which the program trains, or goes on to train, what a settings file says, into a folder: file and folder to arguments.</param>
internal sealed class StudyRunner(
    StudyPlan plan, StudyFolder folder, IStudyObserver observer, CellProcess.Runner runCell, Func<string, string, IEnumerable<string>> train)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30), s_moment = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly CellOutcome[] _outcomes = [.. plan.Cells.Select(CellOutcome.Pending)];

    /// <summary>One a cell; those that were not come to yet are pending.</summary>
    public IReadOnlyList<CellOutcome> Outcomes => _outcomes;

    /// <summary>Keeps what is finished, goes on with what was interrupted, and trains the rest.</summary>
    /// <param name="parallel">How many cells at once.</param>
    /// <param name="cancellation">Interrupts the cells that run.</param>
    /// <exception cref="OperationCanceledException">Cancelled; no cell's process is left.</exception>
    /// <exception cref="DataException">A cell found its command line or its data bad; so would the others.</exception>
    public async Task RunAsync(int parallel, CancellationToken cancellation)
    {
        var unfinished = new List<int>();
        for (int index = 0; index < plan.Cells.Count; index++)
        {
            if (folder.Kept(plan.Cells[index]) is { } kept)
            {
                End(index, kept, wasKept: true);
            }
            else
            {
                unfinished.Add(index);
            }
        }
        Save();
        await Parallel.ForEachAsync(
            unfinished,
            new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation },
            async (index, stop) =>
            {
                End(index, await TrainAsync(plan.Cells[index], stop), wasKept: false);
                Save();
            });
    }

    private async Task<CellOutcome> TrainAsync(StudyCell cell, CancellationToken cancellation)
    {
        RunReader run = folder.Run(cell);
        for (var waited = Stopwatch.StartNew(); run.IsInUse && waited.Elapsed < s_patience;)
        {
            await Task.Delay(s_moment, cancellation); // the process of a study that was killed saves what it has
        }
        lock (_gate)
        {
            observer.OnCellStart(cell, run);
        }
        CellProcess.Ending ending = await runCell(train(folder.WriteSettings(cell), run.Path), cancellation);
        string message = ending.Message.StartsWith("error: ", StringComparison.Ordinal) ? ending.Message["error: ".Length..] : ending.Message;
        switch (ending.ExitCode)
        {
            case ExitCode.Interrupted: // by the terminal, which tells all its processes at once
                throw new OperationCanceledException();
            case ExitCode.BadInput:
                throw new DataException($"{cell.Name}: {message}");
            case ExitCode.Success when folder.Read(run, cell) is { } outcome:
                folder.Keep(cell, run);
                return outcome;
            default:
                string reason = message.Length > 0 ? message : $"It ended with exit code {ending.ExitCode} and without a whole run in its folder.";
                CellOutcome failed = CellOutcome.Failed(cell, reason, run.ReadEpochs());
                folder.Keep(cell, run);
                return failed;
        }
    }

    private void End(int index, CellOutcome outcome, bool wasKept)
    {
        lock (_gate)
        {
            _outcomes[index] = outcome;
            observer.OnCellEnd(outcome, wasKept);
        }
    }

    private void Save()
    {
        lock (_gate)
        {
            folder.Write(plan, _outcomes);
        }
    }
}
