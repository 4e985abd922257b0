using ErTraining.Tests.Data;

namespace ErTraining.Tests.Commands;

[NonParallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SettingNameTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Settings_that_would_help_are_called_as_the_user_calls_them()
    {
        for (int i = 0; i < 5; i++)
        {
            Picture.Write(_folder[$"pictures/{i}.png"], Picture.Encode(1, 8, 8));
        }
        File.WriteAllText(_folder["config.json"], """{ "data": { "max_pixels": 9 } }""");
        foreach ((string options, string skip, string limit) in new[]
        {
            ("--max-pixels 9", "--skip-unreadable", "--max-pixels"),
            ("--config config.json", "the setting skip_unreadable", "the setting max_pixels"),
            ("--config config.json --max-pixels 8", "the setting skip_unreadable", "--max-pixels"),
        })
        {
            string error = ProgramUnderTest.RunHere(_folder.Path, ["train", "--data", "pictures", .. options.Split(' ')]).Error;
            Assert.That(error, Does.Contain($"or leave them out with {skip}: 0.png (8x8 pixels; at most ").And.Contain($" are read ({limit})); 1.png"), options);
        }
    }
}
