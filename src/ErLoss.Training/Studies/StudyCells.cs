using System.Diagnostics;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Runs;

namespace ErLoss.Training.Studies;

/// <summary>What has become of the cells of a study so far, by this process and by the others that share it.</summary>
/// <param name="plan">The study.</param>
/// <param name="folder">Where cells and study.json are.</param>
/// <param name="processes">The processes that work on the study, of which this one is one already.</param>
/// <param name="claims">Their claims on cells.</param>
/// <param name="observer">Who is told.</param>
internal sealed class StudyCells(StudyPlan plan, StudyFolder folder, StudyProcesses processes, CellClaims claims, IStudyObserver observer)
{
    private readonly Lock _gate = new();
    private readonly CellOutcome[] _outcomes = [.. plan.Cells.Select(CellOutcome.Pending)];
    private readonly Dictionary<int, OwnCell> _own = []; // by the places of the cells in the plan
    private readonly HashSet<int> _elsewhere = []; // likewise

    private long _looked;

    /// <summary>One a cell; those that were not come to yet are pending.</summary>
    public IReadOnlyList<CellOutcome> Outcomes => _outcomes;

    /// <summary>Whether no cell is pending.</summary>
    public bool AreOver => _outcomes.All(outcome => outcome.Status != CellStatus.Pending);

    /// <summary>Finds what the other processes have begun and ended.</summary>
    /// <param name="age">What was found so long ago at most need not be looked for again.</param>
    /// <param name="isFirst">Whether cells that are finished were so before this process began.</param>
    public void Look(TimeSpan age = default, bool isFirst = false)
    {
        lock (_gate)
        {
            if (Stopwatch.GetElapsedTime(_looked) < age)
            {
                return;
            }
            folder.Cells.Refresh();
            claims.Refresh();
            _looked = Stopwatch.GetTimestamp();
            foreach ((int index, StudyCell cell) in plan.Cells.Index())
            {
                if (_outcomes[index].Status == CellStatus.Pending && !_own.ContainsKey(index))
                {
                    Look(index, cell, isFirst);
                }
            }
        }
    }

    /// <summary>Where results alone are kept: deletes the rest of what cells have that are finished. A claim sees to it that no other process does the same at once.</summary>
    public void Reduce()
    {
        lock (_gate)
        {
            IEnumerable<StudyCell> finished = _outcomes.Where(outcome => folder.KeepsResultsOnly && outcome.Status == CellStatus.Finished).Select(outcome => outcome.Cell);
            foreach (StudyCell cell in finished.Where(cell => claims.Of(cell.Name).IsFree && claims.TryTake(cell.Name) is not null))
            {
                folder.Reduce(cell);
            }
        }
    }

    /// <summary>Claims the first cell that is free; null if none is.</summary>
    public OwnCell? TakeNext()
    {
        lock (_gate)
        {
            foreach ((int index, StudyCell cell) in plan.Cells.Index())
            {
                if (_outcomes[index].Status != CellStatus.Pending || _own.ContainsKey(index) || _elsewhere.Contains(index) || claims.TryTake(cell.Name) is not { } claim)
                {
                    continue;
                }
                folder.Cells.Refresh();
                if (folder.Kept(cell) is { } kept) // since this process last looked
                {
                    End(index, kept, wasKept: false);
                    continue;
                }
                return _own[index] = new OwnCell(index, cell, claim);
            }
            return null;
        }
    }

    /// <summary>Tells that the process of a cell that this one has taken starts.</summary>
    public void OnStart(OwnCell own, RunReader run)
    {
        lock (_gate)
        {
            observer.OnCellStart(own.Cell, run);
        }
    }

    /// <summary>Tells that the process which had the cell before still saves what it has.</summary>
    public void OnWait(OwnCell own, RunReader left)
    {
        lock (_gate)
        {
            observer.OnCellElsewhere(own.Cell, left, null);
        }
    }

    /// <summary>The cell is no longer this process's.</summary>
    /// <param name="own">The cell.</param>
    /// <param name="outcome">What it came to; null if it came to nothing here.</param>
    public void Leave(OwnCell own, CellOutcome? outcome)
    {
        lock (_gate)
        {
            _own.Remove(own.Index);
            if (outcome is null)
            {
                observer.OnCellFree(own.Cell);
            }
            else
            {
                End(own.Index, outcome, wasKept: false);
            }
        }
    }

    /// <summary>Whether another process has taken a cell from this one. If that has finished it and ended since, the claims may be gone, and the result is there.</summary>
    public bool IsLost(OwnCell own)
    {
        folder.Cells.Refresh();
        return claims.IsLost(own.Claim) || folder.Kept(own.Cell) is not null;
    }

    /// <summary>The cells that another process has taken from this one.</summary>
    public IReadOnlyList<OwnCell> Lost()
    {
        lock (_gate)
        {
            return [.. _own.Values.Where(IsLost)];
        }
    }

    /// <summary>Writes study.json. If another process has ended a cell meanwhile, this one may have replaced its newer file by an older one, and writes once more.</summary>
    public void Save()
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

    private void Look(int index, StudyCell cell, bool isFirst)
    {
        CellStanding standing = claims.Of(cell.Name);
        if (folder.Kept(cell) is { } kept)
        {
            End(index, kept, isFirst);
        }
        else if (standing.Failure is { } message)
        {
            End(index, CellOutcome.Failed(cell, message, folder.EpochsOf(cell)), wasKept: false);
        }
        else if (!standing.IsFree)
        {
            _elsewhere.Add(index);
            observer.OnCellElsewhere(cell, folder.Cells.Latest(cell), standing.Host);
        }
        else if (_elsewhere.Remove(index))
        {
            observer.OnCellFree(cell);
        }
    }

    private void End(int index, CellOutcome outcome, bool wasKept)
    {
        _elsewhere.Remove(index);
        _outcomes[index] = outcome;
        observer.OnCellEnd(outcome, wasKept);
    }

    /// <summary>A cell that this process trains.</summary>
    /// <param name="Index">Its place in the plan.</param>
    /// <param name="Cell">The cell.</param>
    /// <param name="Claim">The right to do so.</param>
    public sealed record OwnCell(int Index, StudyCell Cell, CellClaim Claim)
    {
        /// <summary>Cancelled when another process has taken the cell over.</summary>
        public CancellationTokenSource Taken { get; } = new();
    }
}
