using System.Diagnostics;

namespace ErTraining.Tests.Commands;

/// <summary>The program as a user runs it: a process of its own.</summary>
internal static class CommandLine
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    public sealed record Outcome(int ExitCode, string Output, string Error);

    /// <summary>Runs it to its end in the given folder.</summary>
    public static Outcome Run(string folder, params IEnumerable<string> arguments)
    {
        using Process process = Start(folder, arguments);
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        Assert.That(process.WaitForExit(s_patience), "the program hangs");
        return new Outcome(process.ExitCode, output, error.Result);
    }

    /// <summary>Starts it in the given folder.</summary>
    public static Process Start(string folder, params IEnumerable<string> arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "ErTraining.dll");
        return Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["OMP_NUM_THREADS"] = "1" }, // several may run at once; threads that wait for each other would spin
        })!;
    }
}
