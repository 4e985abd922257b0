using System.Text.RegularExpressions;

namespace ErLoss.Package.Tests;

/// <summary>Links between the files of the documentation lead somewhere, in the repository and on the site that is made of it.</summary>
internal sealed partial class LinkTests
{
    private const string ListOfPages = "docs/README.md";

    private static readonly IEnumerable<MarkdownFile> Files = MarkdownFile.All;

    /// <summary>The pages of the site, which has no other files but the pictures.</summary>
    private static string[] Pages => [.. MarkdownFile.All.Select(file => file.Name).Where(name => name != MarkdownFile.PackageReadme)];

    [TestCaseSource(nameof(Files))]
    public void LeadToFilesAndHeadingsThatAreThere(MarkdownFile file)
    {
        Assert.Multiple(() =>
        {
            foreach (string link in file.Links().Where(link => !IsAbsolute(link)))
            {
                Assert.That(file.Name, Is.Not.EqualTo(MarkdownFile.PackageReadme), $"{link}: the package has no such file");
                string target = TargetOf(file, link);
                Assert.That(Path.Combine(Repository.Root, target), Does.Exist, link);
                if (link.Split('#') is [_, var heading])
                {
                    Assert.That(new MarkdownFile(target).Anchors(), Does.Contain(heading), link);
                }
            }
        });
    }

    [TestCaseSource(nameof(Files))]
    public void LeadToPagesAndPicturesOnly(MarkdownFile file) => Assert.That(
        file.Links().Where(link => !IsAbsolute(link)).Select(link => TargetOf(file, link)),
        Is.All.AnyOf([.. Pages, .. Pictures.All, .. Pictures.OfStudies]));

    [TestCaseSource(nameof(Files))]
    public void PlacesThatAreNamedAreThere(MarkdownFile file) => Assert.That(
        file.Places().Select(place => Path.Combine(Repository.Root, place)),
        Is.All.Matches<string>(path => File.Exists(path) || Directory.Exists(path)));

    [Test]
    public void LeadFromTheReadmeToTheListOfPagesAndFromThereToAll()
    {
        var list = new MarkdownFile(ListOfPages);
        Assert.That(new MarkdownFile("README.md").Links(), Does.Contain(ListOfPages));
        Assert.That(list.Links().Select(link => TargetOf(list, link)).Append(ListOfPages), Is.EquivalentTo(Pages));
    }

    [Test]
    public void LeadFromTheSiteToAllPages()
    {
        string docs = Path.Combine(Repository.Root, "docs"), contents = File.ReadAllText(Path.Combine(docs, "toc.yml"));
        string[] pages = [.. Reference().Matches(contents).Select(match => RelativeToRoot(Path.Combine(docs, match.Groups[1].Value.Trim())))];
        Assert.That(pages.Append("README.md"), Is.EquivalentTo(Pages));
    }

    private static string TargetOf(MarkdownFile file, string link)
    {
        string path = link.Split('#')[0];
        return path.Length == 0 ? file.Name : RelativeToRoot(Path.Combine(file.Folder, path));
    }

    private static string RelativeToRoot(string path) => Path.GetRelativePath(Repository.Root, Path.GetFullPath(path)).Replace('\\', '/');

    private static bool IsAbsolute(string link) => link.StartsWith("https://", StringComparison.Ordinal);

    [GeneratedRegex(@"href: (\S+)")]
    private static partial Regex Reference();
}
