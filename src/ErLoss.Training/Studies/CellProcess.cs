using System.Diagnostics;
using System.Reflection;
using ErLoss.Training.Checkpoints;

namespace ErLoss.Training.Studies;

/// <summary>Runs this same program in a process of its own, as a cell.</summary>
internal static class CellProcess
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>How a process ended.</summary>
    /// <param name="ExitCode">As the program's exit codes.</param>
    /// <param name="Message">The last line it wrote on standard error; empty if it wrote none.</param>
    public sealed record Ending(int ExitCode, string Message);

    /// <summary>Runs the program as a cell to its end, as <see cref="RunAsync"/> does.</summary>
    public delegate Task<Ending> Runner(IEnumerable<string> arguments, CancellationToken cancellation);

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the process is over. One that had done its work by then is not thrown away.</exception>
    public static async Task<Ending> RunAsync(IEnumerable<string> arguments, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var start = new ProcessStartInfo(Environment.ProcessPath!, [.. Program(), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        ParentLink.Tie(start);
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        Task output = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);

        using var patience = new CancellationTokenSource();
        using CancellationTokenRegistration interrupt = cancellation.Register(() =>
        {
            process.StandardInput.Close();
            patience.CancelAfter(s_patience);
        });
        void RequestSave() => ParentLink.RequestSave(process);
        SaveRequests.Made += RequestSave;
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
        finally
        {
            SaveRequests.Made -= RequestSave;
        }
        await output;
        string lastLine = (await errors).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault("");
        if (process.ExitCode != 0)
        {
            cancellation.ThrowIfCancellationRequested();
        }
        return new Ending(process.ExitCode, lastLine);
    }

    /// <summary>What the command line starts with: the program's file where <c>dotnet</c> runs it, nothing where it has an executable.</summary>
    private static IEnumerable<string> Program() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Assembly.GetEntryAssembly()!.Location] : [];
}
