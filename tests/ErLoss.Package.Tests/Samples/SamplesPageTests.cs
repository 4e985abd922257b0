using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ErLoss.Package.Tests;

/// <summary>The page on samples: its F# is that of the sample, its notebook runs, and the files that scripts refer to are there.</summary>
internal sealed partial class SamplesPageTests
{
    private const string OutputFolder = "samples/FSharp/bin/Release/net10.0";

    private static readonly MarkdownFile s_page = new("docs/samples.md");

    [Test]
    public void FSharpIsThatOfTheSample()
    {
        string sample = File.ReadAllText(Path.Combine(Repository.Root, "samples", "FSharp", "Training.fs")).ReplaceLineEndings("\n");
        string[] blocks = [.. s_page.CodeBlocks("fsharp").Select(block => block.Code)];
        Assert.That(blocks, Has.Length.EqualTo(2));
        foreach (string block in blocks)
        {
            Assert.That(sample, Does.Contain(block));
        }
    }

    /// <summary>The cells make one script here, with the assemblies and the native library of the tests, of which a process has one only.</summary>
    [Test]
    [Platform("Linux")]
    public async Task CellsOfTheNotebookRunOneAfterTheOther()
    {
        (string Code, string? Output)[] cells = [.. s_page.CodeBlocks("cs")];
        string[] lines = [.. cells.SelectMany(cell => cell.Code.Split('\n')).Where(line => !line.StartsWith("#r", StringComparison.Ordinal))];
        string code = string.Join('\n', lines.OrderBy(line => line.StartsWith("using ", StringComparison.Ordinal) ? 0 : 1)); // a later cell may begin with them
        Task<object>? run = null;
        string printed = ConsoleProgram.OutputOf(() => run = Start(code.Replace(OutputFolder, AppContext.BaseDirectory, StringComparison.Ordinal)));
        await run!;
        Assert.That(printed, Is.EqualTo(cells[^1].Output).And.Not.Null);
    }

    [Test]
    public void ScriptsReferToFilesThatTheBuildOfTheSampleLeaves()
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        string notebook = string.Concat(s_page.CodeBlocks("cs").Select(cell => cell.Code)).Replace("\"samples/", "\"", StringComparison.Ordinal);
        string script = File.ReadAllText(Path.Combine(Repository.Root, "samples", "first-loss.fsx"));
        string[] paths = [.. Built().Matches(notebook + script).Select(match => match.Groups[1].Value.Replace("/Release/", $"/{configuration}/", StringComparison.Ordinal))];
        Assert.That(paths, Has.Length.EqualTo(5));
        Assert.That(paths.Select(path => Path.Combine(Repository.Root, "samples", path)), Is.All.Matches<string>(File.Exists));
    }

    private static Task<object> Start(string code)
    {
        var compilation = CSharpCompilation.CreateScriptCompilation(
            "Notebook",
            CSharpSyntaxTree.ParseText(code, new CSharpParseOptions(kind: SourceCodeKind.Script)),
            ConsoleProgram.References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, usings: ["System"], nullableContextOptions: NullableContextOptions.Disable));
        using var assembly = new MemoryStream();
        Assert.That(compilation.Emit(assembly).Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error), Is.Empty);
        MethodInfo factory = Assembly.Load(assembly.ToArray()).GetType(compilation.ScriptClass!.MetadataName)!.GetMethod("<Factory>")!;
        return (Task<object>)factory.Invoke(null, [new object?[2]])!;
    }

    [GeneratedRegex("\"(FSharp/bin/[^\"]+)\"")]
    private static partial Regex Built();
}
