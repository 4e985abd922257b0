namespace ErLoss.Modules.Tests;

/// <summary>Links between the files of the documentation lead somewhere.</summary>
internal sealed class LinkTests
{
    private static readonly IEnumerable<MarkdownFile> Files = MarkdownFile.All;

    [TestCaseSource(nameof(Files))]
    public void LeadToFilesAndHeadingsThatAreThere(MarkdownFile file)
    {
        Assert.Multiple(() =>
        {
            foreach (string link in file.Links().Where(link => !IsAbsolute(link)))
            {
                Assert.That(file.Name, Is.Not.EqualTo(MarkdownFile.PackageReadme), $"{link}: the package has no such file");
                string[] parts = link.Split('#');
                string target = parts[0].Length == 0 ? Path.Combine(Repository.Root, file.Name) : Path.GetFullPath(Path.Combine(file.Folder, parts[0]));
                Assert.That(target, Does.Exist, link);
                if (parts.Length == 2)
                {
                    Assert.That(new MarkdownFile(Path.GetRelativePath(Repository.Root, target)).Anchors(), Does.Contain(parts[1]), link);
                }
            }
        });
    }

    [Test]
    public void LeadFromTheReadmeToAllOfIt() => Assert.That(
        MarkdownFile.All.Where(file => file.Name.StartsWith("docs/", StringComparison.Ordinal)).Select(file => file.Name),
        Is.SubsetOf(new MarkdownFile("README.md").Links()));

    private static bool IsAbsolute(string link) => link.StartsWith("https://", StringComparison.Ordinal);
}
