using ErLoss.Modules.Distributed;
using ErLoss.Training.Compute;
using ErLoss.Training.Distributed;
using ErLoss.Training.Studies;
using ErTraining.CommandLine;
using ErTraining.Terminal;
using static TorchSharp.torch;

namespace ErTraining.Ranks;

/// <summary>This process as one of those that a launcher (<c>mpirun</c>, <c>srun</c>) has started together: the ranks. A process that was started alone is the only one.</summary>
/// <remarks>Rank 0 alone prints. The others are silent but for an error that rank 0 does not know of.</remarks>
internal sealed partial class RankJob
{
    private int? _launchedRank; // null if no launcher has started several processes, or if they do not work together
    private MpiProcessGroup? _world;

    /// <summary>As the environment has it.</summary>
    public RankJob() => _launchedRank = IsLaunched ? MpiProcessGroup.LaunchedRank ?? 0 : null;

    /// <summary>A process that works alone.</summary>
    public static RankJob Alone()
    {
        var job = new RankJob();
        job.WorkAlone();
        return job;
    }

    /// <summary>Whether a launcher has started this process with others. A cell is a run of its own, also if a launcher has started the process of its study.</summary>
    public static bool IsLaunched => !ParentLink.IsTied && (MpiProcessGroup.LaunchedSize is { } size ? size > 1 : MpiProcessGroup.LaunchedRank is not null);

    /// <summary>The ranks; null if this process works alone.</summary>
    public ProcessGroup? Group => _world is { Size: > 1 } ? _world : null;

    /// <summary>Whether this is rank 0, or alone.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>Which ranks share the machine of this one.</summary>
    public MachineRanks Machine { get; private set; } = MachineRanks.Alone;

    /// <summary>Has this process work alone, whoever has started it. Before <see cref="Quieten"/>.</summary>
    public void WorkAlone() => _launchedRank = null;

    private int Rank => _world?.Rank ?? _launchedRank ?? 0;

    /// <summary>Has ranks other than 0 print nothing, and rank 0 plain lines: launchers pass on what ranks print, and some give them a terminal of their own that nobody sees.</summary>
    public void Quieten()
    {
        if (_launchedRank is null)
        {
            return;
        }
        if (IsFirst)
        {
            PlainOutput.Use();
        }
        else
        {
            StandardStreams.Silence();
        }
    }

    /// <summary>Joins the other ranks, if there are some.</summary>
    /// <param name="isAsked">Whether to ask MPI although no launcher is recognised.</param>
    /// <exception cref="NoRanksException">MPI does not start, or does not belong to the launcher.</exception>
    public void Join(bool isAsked)
    {
        if (_launchedRank is null && !isAsked)
        {
            return;
        }
        try
        {
            _world = MpiProcessGroup.Initialize();
        }
        catch (InvalidOperationException e)
        {
            throw new NoRanksException(e.Message, IsMpiThere());
        }
        Machine = MachineRanks.Of(Group);
    }

    private static bool IsMpiThere()
    {
        try
        {
            MpiProcessGroup.Describe();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Does something on all ranks, in which there is no collective. If it fails on one, all fail with an error that names that rank.</summary>
    /// <exception cref="RanksFailedException">It has failed on a rank. An error that is a fault of the program's own is thrown as it is, on that rank alone.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled on a rank.</exception>
    public T Together<T>(Func<T> work)
    {
        if (Group is not { } group)
        {
            return work();
        }
        T result = default!;
        ErrorLine? failure = null;
        bool isCancelled = false;
        try
        {
            result = work();
        }
        catch (OperationCanceledException)
        {
            isCancelled = true;
        }
        catch (Exception e) when (ErrorLine.Of(e) is { } line)
        {
            failure = line;
        }
        RanksFailedException.ThrowIfAny(group, failure, isCancelled);
        return result;
    }

    /// <summary>As the other one, of something that rank 0 alone does.</summary>
    public void OnFirst(Action work) => Together(() =>
    {
        if (IsFirst)
        {
            work();
        }
        return true;
    });

    /// <summary>Compares what the ranks have. If that throws, it does so on all of them.</summary>
    /// <exception cref="RanksFailedException">It has thrown an error.</exception>
    public void Compare(Action<ProcessGroup> comparison)
    {
        if (Group is not { } group)
        {
            return;
        }
        try
        {
            comparison(group);
        }
        catch (Exception e) when (ErrorLine.Of(e) is { } line)
        {
            throw new RanksFailedException(line);
        }
    }

    /// <summary>Refuses ranks whose command lines make them exchange other things than each other, so that they would wait for each other without end.</summary>
    /// <param name="own">The command, with those of its options that decide what is exchanged.</param>
    /// <exception cref="RanksFailedException">They differ.</exception>
    public void RequireSameCommand(string own) => Compare(group => RankComparison.Require(
        group, own, (odd, others) => new UsageException($"{odd.Ranks}: the command is {odd.Has} there, and {others.Has} on {others.Ranks}; start all ranks with the same options.")));

    /// <summary>What rank 0 says.</summary>
    public bool FromFirst(bool own) => Group?.Any(own && IsFirst) ?? own;

    /// <summary>"4 ranks, " before the device of each; with the number of machines if there are several.</summary>
    public string Describe() => Group is not { } group ? "" : Machine.Machines > 1 ? $"{group.Size} ranks on {Machine.Machines} machines, each " : $"{group.Size} ranks, each ";

    /// <summary>Finds the device asked for. The GPUs of a machine go to its ranks in turns.</summary>
    /// <exception cref="ErLoss.Training.Settings.SettingsException">There is no such device in this machine.</exception>
    public Device FindDevice(ComputeSettings settings) => SharedOptions.FindDevice(settings, Machine.Local);

    /// <summary>
    /// Sets the number of threads. Unless one is given, the ranks of a machine share its processors. All ranks have as many as the rank that has the fewest, because with other numbers of threads they would round
    /// differently.
    /// </summary>
    /// <param name="given">The number given; null if none is. Ranks may differ in it.</param>
    public void UseThreads(int? given)
    {
        SharedOptions.UseThreads(given, Machine.ProcessorSharers);
        if (Group is { } group)
        {
            set_num_threads((int)group.GatherNumbers(get_num_threads()).Min());
        }
    }
}
