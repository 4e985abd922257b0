using System.CommandLine;
using ErTraining.CommandLine;

namespace ErLoss.Benchmarks;

/// <summary>Files that measurements are written to.</summary>
internal static class Outputs
{
    /// <summary><c>--json</c>.</summary>
    public static Option<string?> Json() => Options.Text("--json", "File to write the figures to.", "FILE");

    /// <summary>Refuses a file that cannot be written before anything is measured for it.</summary>
    /// <exception cref="UsageException">Its folder is not there, or it is a folder itself.</exception>
    public static void Check(string? path)
    {
        if (path is not null && (Directory.Exists(path) || !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path)))))
        {
            throw new UsageException($"--json is '{path}'; a file in a folder that exists is wanted.");
        }
    }
}
