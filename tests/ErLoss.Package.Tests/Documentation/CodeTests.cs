using System.Text.RegularExpressions;
using System.Xml.Linq;
using TorchSharp;

namespace ErLoss.Package.Tests;

/// <summary>The documentation's code, taken from the documentation itself: all of it compiles and runs.</summary>
internal sealed partial class CodeTests
{
    private static IEnumerable<TestCaseData> Programs() =>
        from file in MarkdownFile.All
        from block in file.CodeBlocks("csharp").Select((block, i) => (block.Code, block.Output, Number: i + 1))
        select new TestCaseData(block.Code, block.Output).SetArgDisplayNames(file.Name, $"{block.Number}");

    /// <summary>It prints what the text block after it says; where there is none it trains, and its loss falls.</summary>
    [TestCaseSource(nameof(Programs))]
    public void OfAProgramRunsAndDoesWhatIsSaidOfIt(string code, string? output)
    {
        torch.manual_seed(0);
        string printed = ConsoleProgram.Run(code);
        if (output is not null)
        {
            Assert.That(printed, Is.EqualTo(output));
            return;
        }
        double[] losses = [.. StepLine().Matches(printed).Select(match => double.Parse(match.Groups[1].Value))];
        Assert.That(losses, Has.Length.EqualTo(5));
        Assert.That(losses[^1], Is.Not.NaN.And.LessThan(losses[0] - 0.2));
    }

    [Test]
    public void OfAProjectFileNamesTheVersionsOfToday()
    {
        (string Package, string Version)[] references =
        [
            .. from file in MarkdownFile.All
               from block in file.CodeBlocks("xml")
               from element in XElement.Parse($"<Project>{block.Code}</Project>").Descendants("PackageReference")
               select (element.Attribute("Include")!.Value, element.Attribute("Version")!.Value),
        ];
        Assert.That(
            references,
            Is.EquivalentTo([("ErLoss.Modules", LibraryVersion.Number), ("TorchSharp-cpu", TorchSharpLibrary.PackageVersion), ("Mono.Cecil", PinnedVersion("Mono.Cecil"))]));

        static string PinnedVersion(string package) => XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props"))
            .Descendants("PackageVersion").Single(element => element.Attribute("Include")!.Value == package).Attribute("Version")!.Value;
    }

    [Test]
    public void OfACommandNamesProjectsThatExist()
    {
        string[] projects =
        [
            .. from file in MarkdownFile.All
               from block in file.CodeBlocks("bash")
               from Match match in ProjectOption().Matches(block.Code)
               select Path.Combine(Repository.Root, match.Groups[1].Value),
        ];
        Assert.That(projects, Is.Not.Empty);
        Assert.That(projects, Is.All.Matches<string>(Directory.Exists));
    }

    [Test]
    public void OfACommandNamesTargetsThatExist()
    {
        string script = File.ReadAllText(Path.Combine(Repository.Root, "build.cake"));
        string[] targets =
        [
            .. from file in MarkdownFile.All
               from block in file.CodeBlocks("bash")
               from Match match in TargetOption().Matches(block.Code)
               select match.Groups[1].Value,
        ];
        Assert.That(targets, Is.Not.Empty);
        Assert.That(targets, Is.All.Matches<string>(target => script.Contains($"Task(\"{target}\")", StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"step \d+: (-?\d+\.\d+) nats")]
    private static partial Regex StepLine();

    [GeneratedRegex(@"--project (\S+)")]
    private static partial Regex ProjectOption();

    [GeneratedRegex(@"dotnet cake --target=(\w+)")]
    private static partial Regex TargetOption();
}
