using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using TorchSharp;

namespace ErLoss.Modules.Tests;

/// <summary>The README's code, compiled and run from the README itself.</summary>
internal sealed partial class ReadmeTests
{
    [Test]
    public void The_code_of_the_readme_compiles_runs_and_its_loss_falls()
    {
        torch.manual_seed(0);
        double[] losses = [.. StepLine().Matches(Run(Compile(Code()))).Select(match => double.Parse(match.Groups[1].Value))];
        Assert.Multiple(() =>
        {
            Assert.That(losses, Has.Length.EqualTo(5));
            Assert.That(losses[^1], Is.LessThan(losses[0] - 0.2));
        });
    }

    private static string Code()
    {
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        return CodeBlock().Matches(readme).Single(match => match.Groups[1].Value.Contains("EntropyReconstructionLoss")).Groups[1].Value;
    }

    /// <summary>As a console project with implicit usings and warnings as errors would.</summary>
    private static byte[] Compile(string code)
    {
        const string ImplicitUsings = "global using System; global using System.Linq; global using System.Collections.Generic;";
        IEnumerable<MetadataReference> references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            "Readme",
            [CSharpSyntaxTree.ParseText(code), CSharpSyntaxTree.ParseText(ImplicitUsings)],
            references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, generalDiagnosticOption: ReportDiagnostic.Error));
        using var assembly = new MemoryStream();
        var result = compilation.Emit(assembly);
        Assert.That(result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error), Is.Empty);
        return assembly.ToArray();
    }

    private static string Run(byte[] assembly)
    {
        TextWriter console = Console.Out;
        using var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            Assembly.Load(assembly).EntryPoint!.Invoke(null, [Array.Empty<string>()]);
        }
        finally
        {
            Console.SetOut(console);
        }
        return output.ToString();
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"step \d+: (-?\d+\.\d+) nats")]
    private static partial Regex StepLine();
}
