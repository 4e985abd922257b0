using ErLoss.Modules;
using ErTraining.Data;
using ErTraining.Methods;
using ErTraining.Reporting;
using ErTraining.Training;

namespace ErTraining.Tests.Reporting;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RunFolderTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase("run")]
    [TestCase("run/checkpoint")]
    [TestCase("run/checkpoint/")]
    public void Settings_come_back_as_they_were_written(string path)
    {
        var settings = new TrainingSettings
        {
            Method = "dino",
            Objective = Objective.Native,
            Data = "some where",
            Encoder = "resnet18",
            TrainImages = 7,
            Kappa = 0.1,
            Seed = 5,
            Estimator = EntropyEstimator.PlugIn,
            Optimizer = OptimizerKind.Sgd,
            LearningRate = 1e-3,
            Device = "cuda:1",
        };
        using var written = new RunFolder(_folder["run"], TimeSpan.Zero);
        written.WriteSettings(settings);
        Directory.CreateDirectory(written.CheckpointPath);

        (TrainingSettings read, string checkpoint) = RunFolder.Find(_folder[path]);
        Assert.Multiple(() =>
        {
            Assert.That(read, Is.EqualTo(settings));
            Assert.That(Path.TrimEndingDirectorySeparator(checkpoint), Is.EqualTo(written.CheckpointPath));
        });
    }

    [Test]
    public void Settings_that_this_version_does_not_know_are_passed_over()
    {
        File.WriteAllText(_folder["config.json"], """{ "seed": 4, "of_the_future": [1, 2] }""");
        Assert.That(RunFolder.Find(_folder.Path).Settings, Is.EqualTo(new TrainingSettings { Seed = 4 }));
    }

    [TestCase("", "not the settings of a run")]
    [TestCase("{", "not the settings of a run")]
    [TestCase("null", "not the settings of a run")]
    [TestCase("[1]", "not the settings of a run")]
    [TestCase("{ \"seed\": 1.5 }", "not the settings of a run")]
    [TestCase("{ \"seed\": 99999999999 }", "not the settings of a run")]
    [TestCase("{ \"encoder\": null }", "not the settings of a run")]
    [TestCase("{ \"objective\": \"both\" }", "not the settings of a run")]
    [TestCase("{ \"encoder\": \"vit\" }", "the encoder is 'vit'; one of convnet, resnet18 is wanted")]
    [TestCase("{ \"train_images\": 0 }", "train_images is 0; a whole number from 1 up is wanted")]
    public void Settings_that_are_not_sound_are_refused_with_a_line_that_names_the_file(string text, string says)
    {
        File.WriteAllText(_folder["config.json"], text);
        Assert.That(
            () => RunFolder.Find(_folder.Path),
            Throws.TypeOf<DataException>().With.Message.Contains("config.json: ").And.Message.Contains(says).And.Message.Not.Contains("\n"));
    }
}
