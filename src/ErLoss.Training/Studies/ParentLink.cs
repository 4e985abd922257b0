using System.Diagnostics;

namespace ErLoss.Training.Studies;

/// <summary>
/// Ties a cell's process to the study's: the study holds the other end of its standard input, and when that ends (the study lets go, or
/// is no more, however it ended) the cell stops as if interrupted.
/// </summary>
internal static class ParentLink
{
    private const string Variable = "ERTRAINING_STOPS_WITH_INPUT";

    /// <summary>Has a process that is about to start stop with its standard input.</summary>
    public static void Tie(ProcessStartInfo child)
    {
        child.RedirectStandardInput = true;
        child.Environment[Variable] = "1";
    }

    /// <summary>In a process that is tied: calls <paramref name="stop"/>, on a thread of its own, when the input ends. Nothing in others.</summary>
    public static void Watch(Action stop)
    {
        if (Environment.GetEnvironmentVariable(Variable) is null)
        {
            return;
        }
        new Thread(() =>
        {
            using Stream input = Console.OpenStandardInput();
            while (input.ReadByte() >= 0)
            {
            }
            stop();
        })
        { IsBackground = true }.Start();
    }
}
