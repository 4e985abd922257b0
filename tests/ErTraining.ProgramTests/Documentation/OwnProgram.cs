using System.Diagnostics;
using ErTraining.Tests.Commands;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ErTraining.Tests.Documentation;

/// <summary>A program of the documentation, compiled against what is public, beside the assemblies that it uses, to be run in processes of its own. It is deleted in the end.</summary>
internal sealed class OwnProgram : IDisposable
{
    private const string ImplicitUsings =
        "global using System; global using System.IO; global using System.Linq; global using System.Collections.Generic; global using System.Threading; global using System.Threading.Tasks;";

    private readonly string _name;

    public OwnProgram(string name, string code)
    {
        _name = name;
        var compilation = CSharpCompilation.Create(
            name,
            [CSharpSyntaxTree.ParseText(code), CSharpSyntaxTree.ParseText(ImplicitUsings)],
            ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(file => MetadataReference.CreateFromFile(file)),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        Assert.That(compilation.Emit(FilePath).Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning), Is.Empty);
        foreach (string ending in (string[])["deps.json", "runtimeconfig.json"])
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, $"ErTraining.{ending}"), Path.ChangeExtension(FilePath, ending), overwrite: true);
        }
    }

    private string FilePath => Path.Combine(AppContext.BaseDirectory, $"{_name}.dll");

    public ProgramUnderTest.Outcome Run(TemporaryDirectory folder, string line)
    {
        ProcessStartInfo start = ProgramUnderTest.StartInfo(folder.Path, line.Split(' '));
        start.ArgumentList[0] = FilePath;
        return ProgramUnderTest.Run(start);
    }

    public void Dispose()
    {
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory, $"{_name}.*"))
        {
            File.Delete(file);
        }
    }
}
