using System.Diagnostics;
using ErLoss.Training.Checkpoints;

namespace ErLoss.Training.Studies;

/// <summary>
/// Ties a cell's process to the study's: the study holds the other end of its standard input, and when that ends (the study lets go, or
/// is no more, however it ended) the cell stops as if interrupted. A byte asks the cell to save its state.
/// </summary>
internal static class ParentLink
{
    private const string Variable = "ERTRAINING_STOPS_WITH_INPUT";

    /// <summary>Whether this process is tied.</summary>
    public static bool IsTied => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>Has a process that is about to start stop with its standard input.</summary>
    public static void Tie(ProcessStartInfo child)
    {
        child.RedirectStandardInput = true;
        child.Environment[Variable] = "1";
    }

    /// <summary>Asks a process that is tied to save its state; nothing if it is over.</summary>
    public static void RequestSave(Process child)
    {
        try
        {
            child.StandardInput.BaseStream.WriteByte(0);
            child.StandardInput.BaseStream.Flush();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // It has ended, or is just being let go.
        }
    }

    /// <summary>In a process that is tied: calls <paramref name="stop"/>, on a thread of its own, when the input ends. Nothing in others.</summary>
    public static void Watch(Action stop)
    {
        if (!IsTied)
        {
            return;
        }
        new Thread(() =>
        {
            using Stream input = Console.OpenStandardInput();
            while (input.ReadByte() >= 0)
            {
                SaveRequests.Make();
            }
            stop();
        })
        { IsBackground = true }.Start();
    }
}
