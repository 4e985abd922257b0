using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Runs;

namespace ErTraining.Tests.Runs;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RunReaderTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase("run")]
    [TestCase("run/checkpoint")]
    [TestCase("run/checkpoint/")]
    public void Settings_come_back_as_they_were_written(string path)
    {
        RunSettings settings = Given.Settings(
            "method=dino objective=native estimator=plugin ema=0.1 encoder=resnet18 train_images=7 seed=5 optimizer=sgd learning_rate=1e-3 device=cuda:1");
        settings = settings with { Data = settings.Data with { Source = "some where" } };
        using var written = new RunWriter(_folder["run"], TimeSpan.Zero, Registry.Default);
        written.WriteSettings(settings);
        Directory.CreateDirectory(written.Run.CheckpointPath);

        (RunSettings read, string checkpoint) = RunReader.Find(_folder[path], Registry.Default);
        Assert.Multiple(() =>
        {
            Assert.That(read, Is.EqualTo(settings));
            Assert.That(Path.TrimEndingDirectorySeparator(checkpoint), Is.EqualTo(written.Run.CheckpointPath));
        });
    }

    [Test]
    public void Relative_paths_are_those_from_the_file_of_settings()
    {
        RunSettings settings = Given.Settings("epochs=3");
        string here = Environment.CurrentDirectory, relative = Path.GetRelativePath(here, _folder["images"]);
        settings = settings with { Data = settings.Data with { Source = relative }, Encoder = settings.Encoder with { Weights = _folder["first.safetensors"] } };
        using var written = new RunWriter(_folder["runs/first"], TimeSpan.Zero, Registry.Default);
        written.WriteSettings(settings);
        using JsonDocument config = JsonDocument.Parse(File.ReadAllText(written.Run.ConfigPath));
        RunSettings read = written.Run.ReadSettings();
        Assert.Multiple(() =>
        {
            Assert.That(config.RootElement.GetProperty("data").GetProperty("source").GetString(), Is.EqualTo("../../images"));
            Assert.That(read.Data.Source, Is.EqualTo(_folder["images"]));
            Assert.That(read.Encoder.Weights, Is.EqualTo(_folder["first.safetensors"]), "a whole path stays");
            Assert.That(Registry.Default.Document.Difference(settings, read), Is.Null);
            Assert.That(Registry.Default.Document.Difference(settings, read with { Encoder = read.Encoder with { Weights = "second.safetensors" } })?.Word, Is.EqualTo("weights"));
        });
    }

    [Test]
    public void The_built_in_images_are_no_path()
    {
        using var written = new RunWriter(_folder["run"], TimeSpan.Zero, Registry.Default);
        written.WriteSettings(new RunSettings());
        Assert.That(written.Run.ReadSettings().Data.Source, Is.EqualTo("synthetic"));
    }

    [Test]
    public void A_folder_in_which_no_run_began_goes_again_with_those_above_it()
    {
        Directory.CreateDirectory(_folder["there"]);
        new RunWriter(_folder["there/new/run"], TimeSpan.Zero, Registry.Default).Dispose();
        Assert.That(Directory.EnumerateFileSystemEntries(_folder["there"]), Is.Empty);

        new RunWriter(_folder["there"], TimeSpan.Zero, Registry.Default).Dispose();
        Assert.That(Directory.Exists(_folder["there"]), "what was there before stays");

        using (var begun = new RunWriter(_folder["there/begun"], TimeSpan.Zero, Registry.Default))
        {
            begun.WriteSettings(new RunSettings());
        }
        Assert.That(File.Exists(_folder["there/begun/config.json"]));
    }

    [TestCase("", "not the settings of a run")]
    [TestCase("{", "not the settings of a run")]
    [TestCase("null", "not the settings of a run")]
    [TestCase("[1]", "not the settings of a run")]
    [TestCase("{ \"seed\": 1, \"seed\": 2 }", "not the settings of a run")]
    [TestCase("{ \"seed\": 1.5 }", "seed is 1.5; a whole number from 0 up is wanted")]
    [TestCase("{ \"seed\": 99999999999 }", "seed is 99999999999; a whole number from 0 to 2147483647 is wanted")]
    [TestCase("{ \"seed\": \"1\" }", "seed is 1; a whole number")]
    [TestCase("{ \"seed\": {} }", "seed is {}; a whole number")]
    [TestCase("{ \"encoder\": null }", "encoder is not a setting but a section; an object is wanted")]
    [TestCase("{ \"encoder\": { \"name\": null } }", "encoder.name is null; one of convnet, resnet18 is wanted")]
    [TestCase("{ \"encoder\": { \"name\": \"vit\" } }", "encoder.name is 'vit'; one of convnet, resnet18 is wanted")]
    [TestCase("{ \"method\": { \"objective\": \"both\" } }", "method.objective is 'both'; one of er, native is wanted")]
    [TestCase("{ \"method\": { \"name\": \"nonsense\" }, \"batch_size\": 0 }", "method.name is 'nonsense'; one of simclr, byol")]
    [TestCase("{ \"batch_size\": 0 }", "batch_size is 0; a whole number from 2 up is wanted")]
    [TestCase("{ \"data\": { \"train_images\": 0 } }", "data.train_images is 0; a whole number from 1 up is wanted")]
    [TestCase("{ \"warmup_epochs\": 1e999 }", "warmup_epochs is 1e999; a number from 0 to 1.7976931348623157E+308 is wanted")]
    [TestCase("{ \"method\": { \"teacher\": { \"ema\": 0.9 } } }", "method.teacher.ema has no meaning here; it goes with method byol, dino")]
    [TestCase("{ \"of_the_future\": [1, 2] }", "of_the_future is not a setting; there are method, preset, data, views, epochs")]
    [TestCase("{ \"method\": { \"loss\": { \"kapa\": 5 } } }", "method.loss.kapa is not a setting; there are kappa, estimator, keep_own, entropy_weight, queue")]
    [TestCase("{ \"data.source\": \"images\" }", "'data.source' is no name of a setting or a section")]
    [TestCase("{ \"preset\": \"\\ud800\" }", "is not Unicode")]
    [TestCase("{ \"\\ud800\": 1 }", "is not Unicode")]
    [TestCase("{ \"data\": { \"source\": \"a\\u0000b\" } }", "'source' holds the character of code zero")]
    [TestCase("{ \"compute\": { \"device\": \"tpu\" } }", "compute.device is 'tpu'; auto, cpu, cuda or cuda:N is wanted")]
    public void Settings_that_are_not_sound_are_refused_with_a_line_that_names_the_file(string text, string says)
    {
        File.WriteAllText(_folder["config.json"], text);
        Assert.That(
            () => RunReader.Find(_folder.Path, Registry.Default),
            Throws.TypeOf<DataException>().With.Message.Contains("config.json: ").And.Message.Contains(says).And.Message.Not.Contains("\n"));
    }
}
