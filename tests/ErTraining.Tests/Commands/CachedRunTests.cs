using System.Text.RegularExpressions;
using ErTraining.Tests.Data;

namespace ErTraining.Tests.Commands;

/// <summary>A run and its evaluation come to the same, whether the decoded images are in memory or in a file.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed partial class CachedRunTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Metrics_pictures_and_accuracies_are_the_same()
    {
        for (byte i = 0; i < 40; i++)
        {
            Picture.Write(_folder[$"photos/{(i % 2 == 0 ? "cat" : "dog")}/{i:d2}.png"], Picture.Encode(i));
        }
        string? made = null;
        string plain = Outcome("plain"), cached = Outcome("cached", "--cache", "cache");
        Assert.Multiple(() =>
        {
            Assert.That(cached, Is.EqualTo(plain));
            Assert.That(plain, Does.Contain("knn_accuracy").And.Contain("linear_probe_accuracy").And.Contain("view_retrieval").And.Contain("effective_rank"));
            foreach (string picture in (string[])["views.png", "neighbours-before.png", "neighbours-after.png"])
            {
                Assert.That(File.ReadAllBytes(_folder[$"cached/pictures/{picture}"]), Is.EqualTo(File.ReadAllBytes(_folder[$"plain/pictures/{picture}"])), picture);
            }
            Assert.That(Directory.GetFiles(_folder["cache"]), Has.Length.EqualTo(1));
        });

        DateTime? Written() => made is null ? null : File.GetLastWriteTimeUtc(made);

        string Outcome(string run, params string[] more)
        {
            ProgramUnderTest.Outcome trained = ProgramUnderTest.RunHere(
                _folder.Path, ["train", "--data", "photos", "--image-size", "8", "--epochs", "1", "--batch-size", "8", "--encoder", "convnet", "--encoder-width", "8", "--output", run, .. more]);
            Assert.That(trained.ExitCode, Is.Zero, trained.Error);
            made = more.Length > 0 ? Directory.GetFiles(_folder["cache"]).Single() : null;
            DateTime? written = Written();
            ProgramUnderTest.Outcome evaluated = ProgramUnderTest.RunHere(_folder.Path, "evaluate", "--checkpoint", run, "--output", $"{run}.json");
            Assert.That(evaluated.ExitCode, Is.Zero, evaluated.Error);
            Assert.That(Written(), Is.EqualTo(written), "the evaluation uses what the run made");
            return Own().Replace(File.ReadAllText(_folder[$"{run}/metrics.jsonl"]) + File.ReadAllText(_folder[$"{run}.json"]), "");
        }
    }

    /// <summary>What two runs have differently: times, and their names.</summary>
    [GeneratedRegex("\"(images_per_second|seconds)\": ?[0-9.e+-]+|\"(plain|cached)[^\"]*\"")]
    private static partial Regex Own();
}
