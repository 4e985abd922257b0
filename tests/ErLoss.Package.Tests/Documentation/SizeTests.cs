namespace ErLoss.Package.Tests;

/// <summary>The first page is short, and a clone is not made large by pictures.</summary>
internal sealed class SizeTests
{
    [Test]
    public void TheReadmeHasFewerThan150Lines() => Assert.That(new MarkdownFile("README.md").LineCount, Is.LessThan(150));

    [Test]
    public void PicturesTogetherHaveLessThan500Kilobytes() => Assert.That(
        Pictures.All.Sum(picture => new FileInfo(Path.Combine(Repository.Root, picture)).Length),
        Is.Positive.And.LessThan(500_000));

    [Test]
    public void EveryPictureIsOnAPage() => Assert.That(
        MarkdownFile.All.SelectMany(file => file.Links().Select(link => Path.GetFileName(link.Split('#')[0]))),
        Is.SupersetOf(Pictures.All.Select(Path.GetFileName)));
}
