using System.Text.RegularExpressions;
using ErTraining.Commands;

namespace ErTraining.Libtorch;

/// <summary>The folder with the libraries of an existing libtorch: a wheel's <c>torch/lib</c>, or <c>lib</c> of a distribution.</summary>
/// <param name="Path">The folder, in full.</param>
/// <param name="AskedFor">How it was asked for, for messages: "--libtorch DIR".</param>
internal sealed partial record LibtorchFolder(string Path, string AskedFor)
{
    /// <summary>The environment variable that names it where the option does not; child processes get it from their parent.</summary>
    public const string Variable = "LIBTORCH";

    /// <summary>The option that names it.</summary>
    public const string Option = "--libtorch";

    /// <summary>The version that this TorchSharp was made for. Patches of it are binary compatible.</summary>
    public const string WantedVersion = "2.10";

    /// <summary>What is wanted in its place, for messages.</summary>
    public const string Wanted = $"the torch/lib folder of PyTorch {WantedVersion}, or a libtorch {WantedVersion}";

    /// <summary>The folder asked for by <see cref="Option"/>, or else by <see cref="Variable"/>; null if neither is given.</summary>
    /// <param name="option">What the option says: the folder, or the one that has it as <c>lib</c>.</param>
    /// <exception cref="UsageException">There is no libtorch, or one that says it is of another version.</exception>
    public static LibtorchFolder? Asked(string? option)
    {
        (string? given, string name) = option is null ? (Environment.GetEnvironmentVariable(Variable), Variable) : (option, Option);
        if (string.IsNullOrWhiteSpace(given))
        {
            return null;
        }
        string askedFor = $"{name} {given}", root = System.IO.Path.GetFullPath(given);
        if (!Directory.Exists(root))
        {
            throw new UsageException($"{askedFor}: {(File.Exists(root) ? "a file, not a folder" : "no such folder")}; wanted {Wanted}.");
        }
        string library = DynamicLibrary.FileName("torch_cpu");
        string path = Array.Find([root, System.IO.Path.Combine(root, "lib")], folder => File.Exists(System.IO.Path.Combine(folder, library)))
            ?? throw new UsageException($"{askedFor}: no {library} here, nor in lib; wanted {Wanted}.");
        var found = new LibtorchFolder(path, askedFor);
        if (found.DeclaredVersion is { } version)
        {
            found.CheckVersion(version);
        }
        return found;
    }

    /// <summary>The version that stands in a file of the wheel or distribution: "2.10.0+cu128"; null where there is none.</summary>
    public string? DeclaredVersion
    {
        get
        {
            if (System.IO.Path.GetFileName(Path) != "lib")
            {
                return null;
            }
            string parent = System.IO.Path.GetDirectoryName(Path)!;
            return Match("version.py", WheelVersion()) ?? Match("build-version", DistributionVersion());

            string? Match(string name, Regex version)
            {
                string file = System.IO.Path.Combine(parent, name);
                return File.Exists(file) && version.Match(File.ReadAllText(file)) is { Success: true } match ? match.Groups[1].Value : null;
            }
        }
    }

    /// <summary>Refuses a libtorch of another version than TorchSharp's.</summary>
    /// <exception cref="UsageException">It is of another.</exception>
    public void CheckVersion(string version)
    {
        if (!version.StartsWith($"{WantedVersion}.", StringComparison.Ordinal))
        {
            throw new UsageException($"{AskedFor}: libtorch {version}; wanted {Wanted}.");
        }
    }

    [GeneratedRegex("""^__version__[^=]*=\s*['"]([^'"]+)['"]""", RegexOptions.Multiline)]
    private static partial Regex WheelVersion();

    [GeneratedRegex("""^\s*(\d+\.\S+)""")]
    private static partial Regex DistributionVersion();
}
