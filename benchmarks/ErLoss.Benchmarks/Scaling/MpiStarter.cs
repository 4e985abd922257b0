using System.Diagnostics;
using System.Text.RegularExpressions;
using ErTraining.CommandLine;

namespace ErLoss.Benchmarks;

/// <summary>The mpirun that starts ranks on this machine, with the options that its kind needs for measurements.</summary>
internal sealed partial class MpiStarter
{
    private readonly string _path;
    private readonly bool _isOpenMpi;

    private MpiStarter(string path, string version)
    {
        _path = path;
        _isOpenMpi = IsOpenMpi(version);
        Name = OpenMpi().Match(version) is { Success: true } openMpi ? $"Open MPI {openMpi.Groups[1]}"
            : Hydra().Match(version) is { Success: true } hydra ? $"MPICH {hydra.Groups[1]}"
            : Path.GetFileName(path);
    }

    /// <summary>Whose it is, with its version.</summary>
    public string Name { get; }

    /// <summary>Finds it by its name on the path, or as a file.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public static MpiStarter Find(string launcher)
    {
        string? path = launcher.Contains(Path.DirectorySeparatorChar) ? Path.GetFullPath(launcher)
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, launcher)).FirstOrDefault(File.Exists);
        if (!File.Exists(path))
        {
            throw new UsageException($"--launcher is '{launcher}', which is not there; install Open MPI or MPICH (on Debian and Ubuntu the package openmpi-bin or mpich), or name its mpirun.");
        }
        using Process process = Process.Start(new ProcessStartInfo(path, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string version = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        return new MpiStarter(path, version);
    }

    /// <summary>Whether it is Open MPI's, by what <c>--version</c> says.</summary>
    public static bool IsOpenMpi(string version) => OpenMpi().IsMatch(version);

    /// <summary>The options that Open MPI needs, so that threads may run on any core, ranks may be more than there are cores, and root may start them. MPICH needs none.</summary>
    public static string[] OptionsOf(bool isOpenMpi, bool isRoot) =>
        !isOpenMpi ? [] : isRoot ? ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"] : ["--oversubscribe", "--bind-to", "none"];

    /// <summary>Starts this program as ranks.</summary>
    /// <param name="layout">How many, with how many threads.</param>
    /// <param name="arguments">Of each.</param>
    /// <param name="onError">Gets each line that any writes to its error stream.</param>
    public Process Start(RankLayout layout, IEnumerable<string> arguments, Action<string> onError)
    {
        // Under `dotnet x.dll` the process is dotnet itself and wants the library's name first.
        string host = Environment.ProcessPath!;
        string[] program = Path.GetFileNameWithoutExtension(host) == "dotnet" ? [host, typeof(MpiStarter).Assembly.Location] : [host];
        var start = new ProcessStartInfo(_path, [.. OptionsOf(_isOpenMpi, Environment.IsPrivilegedProcess), "-n", $"{layout.Ranks}", .. program, .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
            Environment = { ["OMP_NUM_THREADS"] = $"{layout.Threads}" },
        };
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        process.ErrorDataReceived += (_, line) =>
        {
            if (!string.IsNullOrWhiteSpace(line.Data))
            {
                onError(line.Data);
            }
        };
        process.BeginErrorReadLine();
        return process;
    }

    [GeneratedRegex(@"(?:Open MPI|OpenRTE)\)?\s+v?([\d.]+)")]
    private static partial Regex OpenMpi();

    [GeneratedRegex(@"HYDRA[\s\S]*?Version:\s*([\d.]+)")]
    private static partial Regex Hydra();
}
