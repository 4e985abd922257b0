using System.Diagnostics;
using System.Text.Json;
using ErLoss.Package.Tests;
using ErLoss.Training.Data;
using ErTraining.Tests.Commands;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ErTraining.Tests.Documentation;

/// <summary>The program of docs/your-own-encoder.md, compiled from the page against what is public, and run in a process of its own.</summary>
[Parallelizable] // with other fixtures whose work is done by processes of their own
internal sealed class OwnEncoderTests
{
    private const string Name = "MyTraining";

    [Test]
    public void The_program_of_the_page_trains_and_evaluates_its_encoder_and_a_study_starts_it_again()
    {
        string program = Path.Combine(AppContext.BaseDirectory, $"{Name}.dll"); // beside the assemblies that it uses
        using var folder = new TemporaryDirectory();
        CifarWriter.Write(SyntheticImages.Create(64, 20, seed: 0), folder["images"]);
        try
        {
            Compile(program);
            foreach (string ending in (string[])["deps.json", "runtimeconfig.json"])
            {
                File.Copy(Path.Combine(AppContext.BaseDirectory, $"ErTraining.{ending}"), Path.ChangeExtension(program, ending), overwrite: true);
            }
            ProgramUnderTest.Outcome trained = Run(program, folder, "train --data images --encoder patches --width 24 --batch-size 32 --epochs 1 --evaluations 1 --output run");
            ProgramUnderTest.Outcome evaluated = Run(program, folder, "evaluate --checkpoint run --output result.json");
            ProgramUnderTest.Outcome refused = Run(program, folder, "train --encoder patches --width 0");
            ProgramUnderTest.Outcome studied = Run(
                program, folder, "study --methods simclr --objectives er --batch-sizes 32 --epochs 1 --data images --encoder patches --width 8 --precision bfloat16 --output study");
            Assert.Multiple(() =>
            {
                Assert.That(trained.ExitCode, Is.Zero, trained.Error);
                Assert.That(evaluated.ExitCode, Is.Zero, evaluated.Error);
                Assert.That(JsonElement.Parse(File.ReadAllText(folder["result.json"])).GetProperty("feature_dimension").GetInt32(), Is.EqualTo(24));
                Assert.That(refused.ExitCode, Is.EqualTo(2));
                Assert.That(refused.Error, Does.StartWith("error: --width is 0"));
                Assert.That(studied.ExitCode, Is.Zero, studied.Error);
            });
        }
        finally
        {
            foreach (string file in Directory.GetFiles(AppContext.BaseDirectory, $"{Name}.*"))
            {
                File.Delete(file);
            }
        }
    }

    private static ProgramUnderTest.Outcome Run(string program, TemporaryDirectory folder, string line)
    {
        ProcessStartInfo start = ProgramUnderTest.StartInfo(folder.Path, line.Split(' '));
        start.ArgumentList[0] = program;
        return ProgramUnderTest.Run(start);
    }

    private static void Compile(string path)
    {
        string code = MarkdownFile.All.Single(file => file.Name == "docs/your-own-encoder.md").CodeBlocks("cs").Single().Code;
        const string ImplicitUsings =
            "global using System; global using System.IO; global using System.Linq; global using System.Collections.Generic; global using System.Threading; global using System.Threading.Tasks;";
        var compilation = CSharpCompilation.Create(
            Name,
            [CSharpSyntaxTree.ParseText(code), CSharpSyntaxTree.ParseText(ImplicitUsings)],
            ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(file => MetadataReference.CreateFromFile(file)),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        Assert.That(compilation.Emit(path).Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning), Is.Empty);
    }
}
