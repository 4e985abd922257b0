using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using ErTraining.Libtorch;

namespace ErTraining.Tests.Commands;

/// <summary>The program as a user runs it: a process of its own.</summary>
internal static partial class ProgramUnderTest
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2), s_moment = TimeSpan.FromMilliseconds(20);

    public sealed record Outcome(int ExitCode, string Output, string Error);

    /// <summary>Runs it to its end in the given folder.</summary>
    public static Outcome Run(string folder, params IEnumerable<string> arguments) => Run(StartInfo(folder, arguments));

    /// <summary>Runs it, prepared by <see cref="StartInfo"/>, to its end.</summary>
    public static Outcome Run(ProcessStartInfo start)
    {
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        Assert.That(process.WaitForExit(s_patience), "the program hangs");
        return new Outcome(process.ExitCode, output, error.Result);
    }

    /// <summary>
    /// Runs <c>info</c>, prepared by <see cref="StartInfo"/>, up to the lines on encoders, and ends it there: checking their features takes longer than all else. It has no exit code, but -1,
    /// unless it ended earlier.
    /// </summary>
    public static Outcome RunInfoUpToEncoders(ProcessStartInfo start)
    {
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        var output = new StringBuilder();
        bool arrived = false;
        while (!arrived && process.StandardOutput.ReadLine() is { } line)
        {
            output.Append(line).Append('\n');
            arrived = line.StartsWith("products ", StringComparison.Ordinal);
        }
        if (arrived)
        {
            process.Kill();
        }
        Assert.That(process.WaitForExit(s_patience), "the program hangs");
        return new Outcome(arrived ? -1 : process.ExitCode, output.ToString(), error.Result);
    }

    /// <summary>Starts it in the given folder.</summary>
    public static Process Start(string folder, params IEnumerable<string> arguments) => Process.Start(StartInfo(folder, arguments))!;

    /// <summary>Reads what a process writes, up to the first line that begins like this.</summary>
    public static void ReadUntil(Process process, string beginning)
    {
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (line.StartsWith(beginning, StringComparison.Ordinal))
            {
                return;
            }
        }
        Assert.Fail($"It ended without a line that begins with '{beginning}': {process.StandardError.ReadToEnd()}");
    }

    /// <summary>Waits until something holds while a process works.</summary>
    public static void WaitWhileItRuns(Process process, Func<bool> until)
    {
        for (var waited = Stopwatch.StartNew(); !until(); Thread.Sleep(s_moment))
        {
            Assert.That(process.HasExited, Is.False, "it ended before that");
            Assert.That(waited.Elapsed, Is.LessThan(s_patience), "the program hangs");
        }
    }

    /// <summary>Sends a process a signal, "INT", "TERM", "USR1" or "USR2", by the system's call: the command kill takes a while to start, and the process may be over by then.</summary>
    public static void Signal(Process process, string name)
    {
        bool isMac = OperatingSystem.IsMacOS();
        int number = name switch { "INT" => 2, "TERM" => 15, "USR1" => isMac ? 30 : 10, "USR2" => isMac ? 31 : 12, _ => throw new ArgumentOutOfRangeException(nameof(name)) };
        Assert.That(Kill(process.Id, number), Is.Zero, "it was over before the signal");
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);

    /// <summary>What starts it in the given folder.</summary>
    public static ProcessStartInfo StartInfo(string folder, params IEnumerable<string> arguments) =>
        new("dotnet", [Path.Combine(AppContext.BaseDirectory, "ErTraining.dll"), .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["OMP_NUM_THREADS"] = "1", // several may run at once; threads that wait for each other would spin
                ["DOTNET_TC_CallCounting"] = "0", // it lives for seconds: compiling again what is called often costs more than it brings
                [LibtorchFolder.Variable] = null, // the program's own, as in the tests' own process
            },
        };
}
