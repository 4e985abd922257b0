using System.Reflection;
using ErLoss.Package.Tests;
using ErLoss.Training.Studies;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NetArchTest.Rules;

namespace ErTraining.Tests.Architecture;

/// <summary>What lies below the program knows neither a console nor the options of a command line.</summary>
internal sealed class LibraryTests
{
    private static readonly Assembly[] s_libraries =
    [
        typeof(ErLoss.Modules.EntropyReconstructionLoss).Assembly,
        typeof(ErLoss.SelfSupervised.Encoders.Encoder).Assembly,
        typeof(ErLoss.Training.Trainer).Assembly,
    ];

    /// <summary>The one that does waits for the end of standard input, which ties a cell to the study that started it.</summary>
    [Test]
    public void None_but_the_link_of_a_cell_to_its_study_uses_the_console() => Assert.That(
        Types.InAssemblies(s_libraries).That().HaveDependencyOnAny(typeof(Console).FullName!).GetTypes()
            .Select(type => type.ReflectionType!)
            .Select(type => (type.DeclaringType ?? type).Name)
            .Distinct(),
        Is.EqualTo([nameof(ParentLink)]));

    [Test]
    public void No_text_names_an_option()
    {
        string[] texts =
        [
            .. from library in s_libraries
               let root = Path.Combine(Repository.Root, "src", library.GetName().Name!)
               from file in Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories)
               where !Path.GetRelativePath(root, file).StartsWith("obj", StringComparison.Ordinal)
               from token in CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetRoot().DescendantTokens()
               where token.Kind() is SyntaxKind.StringLiteralToken or SyntaxKind.InterpolatedStringTextToken or SyntaxKind.MultiLineRawStringLiteralToken
               select token.ValueText,
        ];
        Assert.That(texts, Has.Some.Contains("choose another output folder"), "the check sees nothing");
        Assert.That(texts.Where(text => System.Text.RegularExpressions.Regex.IsMatch(text, "(^|(?<!srun)\\s)--[a-z]")), Is.Empty); // options of Slurm's launcher are not the program's
    }
}
