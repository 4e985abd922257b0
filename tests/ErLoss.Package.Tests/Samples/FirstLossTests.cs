using System.Text.RegularExpressions;

namespace ErLoss.Package.Tests;

/// <summary>The program in one file. The compiler of the tests does not know its lines that begin with #, which are the SDK's.</summary>
internal sealed partial class FirstLossTests
{
    private static readonly string File = Path.Combine(Repository.Root, "samples", "first-loss.cs");

    private static readonly string Text = System.IO.File.ReadAllText(File).ReplaceLineEndings("\n");

    [Test]
    public void PrintsLossTermsAndGradient()
    {
        string printed = ConsoleProgram.Run(Directive().Replace(Text, ""));
        Match match = Printed().Match(printed);
        Assert.That(match.Success, printed);
        double[] numbers = [.. match.Groups.Values.Skip(1).Select(group => double.Parse(group.Value))];
        Assert.That(numbers[0], Is.EqualTo(numbers[1] - numbers[2]).Within(2e-3));
        Assert.That(numbers[3], Is.EqualTo(-numbers[0]));
        Assert.That(numbers[4], Is.Positive.And.LessThan(100));
    }

    [Test]
    public void RefersToTheLibraryAndNamesThePackagesThatTakeItsPlace()
    {
        string project = Regex.Match(Text, @"^#:project (\S+)$", RegexOptions.Multiline).Groups[1].Value;
        Assert.That(Path.Combine(Path.GetDirectoryName(File)!, project, "ErLoss.Modules.csproj"), Does.Exist);
        Assert.That(
            Regex.Matches(Text, @"^//   #:package (\S+)@(\S+)$", RegexOptions.Multiline).Select(match => (match.Groups[1].Value, match.Groups[2].Value)),
            Is.EqualTo([("ErLoss.Modules", LibraryVersion.Number), ("TorchSharp-cpu", TorchSharpLibrary.PackageVersion)]));
    }

    [GeneratedRegex("^#.*$", RegexOptions.Multiline)]
    private static partial Regex Directive();

    [GeneratedRegex(@"\Aloss (\S+) nats = reconstruction (\S+) - entropy (\S+)\nbound on the mutual information of the views: (\S+) nats\nnorm of the gradient: (\S+)\n\z")]
    private static partial Regex Printed();
}
