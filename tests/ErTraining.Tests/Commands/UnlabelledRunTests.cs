using System.Text.Json;
using ErTraining.Tests.Data;

namespace ErTraining.Tests.Commands;

/// <summary>A run on a folder of images without labels, as a user sees it.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class UnlabelledRunTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void It_says_how_the_folder_was_read_lists_what_was_left_out_and_claims_no_accuracy()
    {
        for (byte i = 0; i < 12; i++)
        {
            Picture.Write(_folder[$"photos/{(i < 6 ? "" : "sea/")}{i:d2}.png"], Picture.Encode(i, 40 + i, 33));
        }
        File.WriteAllText(_folder["photos/bad.jpg"], "a text");
        File.WriteAllText(_folder["photos/notes.txt"], "a text");

        ProgramUnderTest.Outcome run = ProgramUnderTest.RunHere(
            _folder.Path, "train", "--data", "photos", "--skip-unreadable", "--epochs", "1", "--batch-size", "4", "--encoder", "convnet", "--cache", "cache", "--output", "run");

        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(Path.GetFileName(Directory.GetFiles(_folder["cache"]).Single()), Does.StartWith("photos-32x32-"));
        JsonElement result = JsonDocument.Parse(File.ReadAllText(_folder["run/result.json"])).RootElement;
        Assert.Multiple(() =>
        {
            Assert.That(File.ReadAllLines(_folder["run/left-out.txt"]), Is.EqualTo(
            [
                "file that is no image\tnotes.txt",
                "image that cannot be read\tbad.jpg\ta text, perhaps, whatever its name; wanted an image (JPEG, PNG, WebP, BMP or GIF)",
            ]));
            Assert.That((result.GetProperty("images").GetInt32(), result.GetProperty("test_images").GetInt32()), Is.EqualTo((10, 2)));
            Assert.That(new[] { "view_retrieval_before", "view_retrieval" }.Select(name => result.GetProperty(name).GetDouble()), Is.All.AnyOf(0, 0.25, 0.5, 0.75, 1), "of four views");
            Assert.That(result.EnumerateObject().Select(member => member.Name), Has.None.Contains("knn"));
            Assert.That(File.ReadAllText(_folder["run/report.html"]), Does.Contain("10 training and 2 test images of 32x32 pixels without labels").And.Contains("the nearest of 4 projections is the other view").And.Not.Contains("accuracy"));
            Assert.That(File.Exists(_folder["run/pictures/knn-accuracy.svg"]), Is.False);
            Assert.That(File.ReadAllText(_folder["run/metrics.jsonl"]), Does.Contain("view_retrieval").And.Not.Contain("knn"));
        });
        foreach ((string command, string says) in new[] { ("evaluate --checkpoint run", "photos: accuracies need the classes"), ("study --data photos --skip-unreadable --batch-sizes 4 --output s", "photos: a study compares accuracies, which need the classes") })
        {
            ProgramUnderTest.Outcome refused = ProgramUnderTest.RunHere(_folder.Path, command.Split(' '));
            Assert.That(refused.ExitCode, Is.EqualTo(2), command);
            Assert.That(refused.Error, Does.Contain(says), command);
        }
    }
}
