using System.Text.RegularExpressions;
using ErLoss.SelfSupervised.IO;

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

    /// <summary>What is wanted in its place, for messages.</summary>
    public const string Wanted = "the torch/lib folder of PyTorch 2.10 or 2.11, or a libtorch 2.10 or 2.11";

    /// <summary>The version that this TorchSharp was made for, and another that it was tried with. Patches of them are binary compatible.</summary>
    private static readonly string[] s_triedVersions = ["2.10.", "2.11."];

    /// <summary>The folder asked for by <see cref="Option"/>, or else by <see cref="Variable"/>; null if neither is given.</summary>
    /// <param name="option">What the option says: the folder, or the one that has it as <c>lib</c>.</param>
    /// <exception cref="DataException">There is no libtorch.</exception>
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
            throw new DataException($"{askedFor}: {(File.Exists(root) ? "a file, not a folder" : "no such folder")}; wanted {Wanted}.");
        }
        string library = DynamicLibrary.FileName("torch_cpu");
        string path = Array.Find([root, System.IO.Path.Combine(root, "lib")], folder => File.Exists(System.IO.Path.Combine(folder, library)))
            ?? throw new DataException($"{askedFor}: no {library} here, nor in lib; wanted {Wanted}.");
        return new LibtorchFolder(path, askedFor);
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

    /// <summary>
    /// Refuses a libtorch of a version that was not tried, unless it can be seen to have all that is asked of it; a line on standard error then says so.
    /// </summary>
    /// <param name="version">"2.12.0".</param>
    /// <param name="bridge">LibTorchSharp's file.</param>
    /// <returns>Whether that line was written.</returns>
    /// <exception cref="DataException">It lacks something, or nobody can tell.</exception>
    public bool CheckVersion(string version, string bridge)
    {
        if (Array.Exists(s_triedVersions, tried => version.StartsWith(tried, StringComparison.Ordinal)))
        {
            return false;
        }
        if (!LibtorchCompatibility.CanBeChecked)
        {
            throw new DataException($"{AskedFor}: libtorch {version}; wanted {Wanted}.");
        }
        LibtorchCompatibility compatibility = LibtorchCompatibility.Check(bridge, Path);
        if (compatibility.Missing.Count > 0)
        {
            throw new DataException($"{AskedFor}: libtorch {version}: {compatibility.Describe()}; wanted {Wanted}.");
        }
        Console.Error.WriteLine($"warning: {AskedFor}: libtorch {version} was not tried with this program; {compatibility.Describe()}.");
        return true;
    }

    [GeneratedRegex("""^__version__[^=]*=\s*['"]([^'"]+)['"]""", RegexOptions.Multiline)]
    private static partial Regex WheelVersion();

    [GeneratedRegex("""^\s*(\d+\.\S+)""")]
    private static partial Regex DistributionVersion();
}
