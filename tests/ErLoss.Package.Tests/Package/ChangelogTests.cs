using System.Text.RegularExpressions;

namespace ErLoss.Package.Tests;

/// <summary>The changelog speaks of the version that is built.</summary>
internal sealed partial class ChangelogTests
{
    [Test]
    public void NewestHeadingIsTheVersion()
    {
        string changelog = File.ReadAllText(Path.Combine(Repository.Root, "CHANGELOG.md"));
        Assert.That(Heading().Match(changelog).Groups[1].Value, Is.EqualTo(LibraryVersion.Number));
    }

    [GeneratedRegex(@"^## (\S+)", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
