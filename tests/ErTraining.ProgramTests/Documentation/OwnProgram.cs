using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using ErTraining.Tests.Commands;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ErTraining.Tests.Documentation;

/// <summary>A program of the documentation, compiled against what is public, beside the assemblies that it uses, to be run in processes of its own or here. It is deleted in the end.</summary>
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

    /// <summary>Runs it within this process, one program after another.</summary>
    public ProgramUnderTest.Outcome RunHere(TemporaryDirectory folder, string line) => ProgramUnderTest.RunHere(folder.Path, () =>
    {
        (CultureInfo? culture, CultureInfo? language) = (CultureInfo.DefaultThreadCurrentCulture, CultureInfo.DefaultThreadCurrentUICulture); // which the program sets for all
        try
        {
            // From bytes, so that the file can be deleted. Where Main awaits, the entry point is a method that waits for it.
            return Assembly.Load(File.ReadAllBytes(FilePath)).EntryPoint!.Invoke(null, [line.Split(' ')]) is int exitCode ? exitCode : 0;
        }
        finally
        {
            (CultureInfo.DefaultThreadCurrentCulture, CultureInfo.DefaultThreadCurrentUICulture) = (culture, language);
        }
    });

    public void Dispose()
    {
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory, $"{_name}.*"))
        {
            File.Delete(file);
        }
    }
}
