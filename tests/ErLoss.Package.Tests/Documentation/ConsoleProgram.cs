using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ErLoss.Package.Tests;

/// <summary>C# source compiled and run as a console project with implicit usings, nullable and warnings as errors would.</summary>
internal static class ConsoleProgram
{
    private const string ImplicitUsings = "global using System; global using System.Linq; global using System.Collections.Generic;";

    public static readonly MetadataReference[] References =
    [
        .. from path in ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
           select MetadataReference.CreateFromFile(path),
    ];

    /// <summary>What the program prints, its line ends as on Unix.</summary>
    public static string Run(string code)
    {
        MethodInfo entry = Assembly.Load(Compile(code)).EntryPoint!;
        return OutputOf(() => entry.Invoke(null, [Array.Empty<string>()]));
    }

    /// <summary>What an action prints, its line ends as on Unix.</summary>
    public static string OutputOf(Action action)
    {
        TextWriter console = Console.Out;
        using var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            action();
        }
        finally
        {
            Console.SetOut(console);
        }
        return output.ToString().ReplaceLineEndings("\n");
    }

    private static byte[] Compile(string code)
    {
        var compilation = CSharpCompilation.Create(
            "Documentation",
            [CSharpSyntaxTree.ParseText(code), CSharpSyntaxTree.ParseText(ImplicitUsings)],
            References,
            new CSharpCompilationOptions(
                OutputKind.ConsoleApplication,
                generalDiagnosticOption: ReportDiagnostic.Error,
                specificDiagnosticOptions: [new("CS1701", ReportDiagnostic.Suppress)], // an assembly of an older framework, on which the SDK is silent too
                nullableContextOptions: NullableContextOptions.Enable));
        using var assembly = new MemoryStream();
        var result = compilation.Emit(assembly);
        Assert.That(result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error), Is.Empty);
        return assembly.ToArray();
    }
}
