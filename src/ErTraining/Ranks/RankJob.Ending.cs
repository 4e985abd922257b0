using ErLoss.Training;
using ErLoss.Training.Distributed;
using ErTraining.CommandLine;
using ErTraining.Terminal;

namespace ErTraining.Ranks;

/// <content>How ranks end: all with one code, and with one line of an error.</content>
internal sealed partial class RankJob
{
    private const string Error = "error: ";

    /// <summary>How long other ranks than 0 wait before they tell of an error. If rank 0 has the same one, it tells of it at once, and the launcher ends the others meanwhile.</summary>
    private static readonly TimeSpan s_precedence = TimeSpan.FromSeconds(1.5);

    /// <summary>How long rank 0 lets the others end before it ends with a code that has the launcher kill those that are left.</summary>
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(1.5);

    /// <summary>Ends a command that all ranks end with this code: none leaves before rank 0 has written all.</summary>
    /// <remarks>
    /// When a rank has left with another code than 0, the launcher kills those that are left. MPICH's then gives the number of that signal as the job's code, and a job script does not see that the time was over.
    /// Therefore rank 0 alone has the code, and leaves last. But where MPICH's mpirun has passed a signal on, it takes the job for one that went well if some ranks end with 0: then all have the code.
    /// </remarks>
    public int End(int exitCode)
    {
        if (exitCode == ExitCode.Success || Group is not { } group || group.Any(Signals.HaveCome))
        {
            return exitCode;
        }
        _world!.Complete();
        if (!IsFirst)
        {
            return ExitCode.Success;
        }
        Thread.Sleep(s_farewell);
        return exitCode;
    }

    /// <summary>Ends with an error of this rank, which others may have, too.</summary>
    /// <param name="error">One that is a line to the user.</param>
    /// <param name="othersJoin">Whether the command is one for which the other ranks have joined, or wait for this one to join.</param>
    /// <returns>The exit code.</returns>
    public int Fail(Exception error, bool othersJoin)
    {
        if (error is RanksFailedException { Line: var line })
        {
            if (IsFirst)
            {
                Console.Error.WriteLine($"{Error}{line.Text}");
            }
            return End(line.ExitCode);
        }
        if (_launchedRank is not null && _world is null && othersJoin && error is not NoRanksException)
        {
            try
            {
                Join(isAsked: false);
                return Together<int>(() => throw error);
            }
            catch (Exception e) when (e is RanksFailedException or NoRanksException)
            {
                return Fail(e, othersJoin);
            }
        }
        line = ErrorLine.Of(error)!;
        bool isOfAll = _world is null && (error is NoRanksException { IsOfAll: true } || !othersJoin);
        return Abort(IsFirst || !isOfAll ? $"{Error}{line.Text}" : null, line.ExitCode);
    }

    /// <summary>Ends all ranks, which would wait for this one.</summary>
    /// <param name="text">What is printed; null for nothing.</param>
    /// <param name="exitCode">How all end.</param>
    /// <returns>The exit code.</returns>
    public int Abort(string? text, int exitCode)
    {
        if (IsFirst)
        {
            Console.Error.WriteLine(text);
        }
        else
        {
            Thread.Sleep(s_precedence);
            if (text is not null)
            {
                StandardStreams.WriteError(text.StartsWith(Error, StringComparison.Ordinal) ? $"{Error}rank {Rank}: {text[Error.Length..]}" : $"{Error}rank {Rank}: {text}");
            }
        }
        if (Group is not null)
        {
            _world!.Abort(exitCode);
        }
        return exitCode;
    }
}
