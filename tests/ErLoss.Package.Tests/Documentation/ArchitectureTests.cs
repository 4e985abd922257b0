using System.Text.RegularExpressions;

namespace ErLoss.Package.Tests;

/// <summary>The page on architecture lists the folders that the code has.</summary>
internal sealed partial class ArchitectureTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "architecture.md")).ReplaceLineEndings("\n");

    private static IEnumerable<TestCaseData> Tables() =>
        from Match table in Table().Matches(Page)
        select new TestCaseData(table.Groups["project"].Value, table.Groups["rows"].Value).SetArgDisplayNames(table.Groups["project"].Value);

    [TestCaseSource(nameof(Tables))]
    public void ListsAllFoldersOfAProject(string project, string rows) => Assert.That(
        Row().Matches(rows).Select(row => row.Groups[1].Value),
        Is.EquivalentTo(
            Directory.GetDirectories(Path.Combine(Repository.Root, project)).Select(Path.GetFileName).Where(name => name is not ("bin" or "obj"))));

    [Test]
    public void ListsAllProjects() => Assert.That(
        Table().Matches(Page).Select(table => table.Groups["project"].Value),
        Is.EquivalentTo(Directory.GetDirectories(Path.Combine(Repository.Root, "src")).Select(path => $"src/{Path.GetFileName(path)}")));

    [GeneratedRegex(@"^\| in `(?<project>src/[\w.]+)` \| \|\n(?<rows>(?:\|.*\n)+)", RegexOptions.Multiline)]
    private static partial Regex Table();

    [GeneratedRegex(@"^\| `(\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
