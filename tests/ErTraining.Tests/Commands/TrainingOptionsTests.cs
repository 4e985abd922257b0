using System.CommandLine;
using ErTraining.Commands;
using ErTraining.Methods;
using ErTraining.Training;

namespace ErTraining.Tests.Commands;

internal sealed class TrainingOptionsTests
{
    private static IEnumerable<TestCaseData> Presets =>
        from method in MethodCatalog.Names from preset in MethodCatalog.Describe(method).Recipes.Keys select new TestCaseData(method, preset);

    [Test]
    public void Without_options_the_settings_are_the_defaults() => Assert.That(Read(""), Is.EqualTo(new TrainingSettings()));

    [TestCaseSource(nameof(Presets))]
    public void A_preset_sets_what_was_published(string method, string preset)
    {
        Recipe recipe = MethodCatalog.Describe(method).Recipes[preset];
        TrainingSettings settings = Read($"--method {method} --preset {preset}");
        Assert.Multiple(() =>
        {
            Assert.That(settings.Preset, Is.EqualTo(preset));
            Assert.That(settings.Encoder, Is.EqualTo(recipe.Encoder));
            Assert.That(settings.Epochs, Is.EqualTo(recipe.Epochs));
            Assert.That(settings.BatchSize, Is.EqualTo(recipe.BatchSize));
            Assert.That(settings.Optimizer.ToString(), Is.EqualTo(recipe.Optimizer).IgnoreCase);
            Assert.That(settings.LearningRate, Is.EqualTo(recipe.LearningRate));
            Assert.That(settings.WeightDecay, Is.EqualTo(recipe.WeightDecay));
            Assert.That(settings.WarmupEpochs, Is.EqualTo(recipe.WarmupEpochs));
            Assert.That(settings.Ema, Is.EqualTo(recipe.Ema));
            Assert.That(settings.EmaSchedule == EmaSchedule.Fixed, Is.EqualTo(recipe.EmaIsFixed));
            Assert.That(settings.Prototypes, Is.EqualTo(recipe.Prototypes));
            Assert.That(settings.HiddenDimension, Is.EqualTo(recipe.HiddenDimension));
            Assert.That(settings.ProjectionDimension, Is.EqualTo(recipe.ProjectionDimension));
        });
    }

    [Test]
    public void An_option_that_is_given_goes_before_the_preset()
    {
        TrainingSettings settings = Read("--method byol --preset lightly --epochs 3 --ema 0.8 --ema-schedule cosine --encoder convnet");
        Assert.Multiple(() =>
        {
            Assert.That(settings.Epochs, Is.EqualTo(3));
            Assert.That(settings.Ema, Is.EqualTo(0.8));
            Assert.That(settings.EmaSchedule, Is.EqualTo(EmaSchedule.Cosine));
            Assert.That(settings.Encoder, Is.EqualTo("convnet"));
            Assert.That(settings.LearningRate, Is.EqualTo(0.06)); // the preset's
        });
    }

    [TestCase("", Tf32.Convolutions)]
    [TestCase("--tf32", Tf32.Products)]
    [TestCase("--no-tf32", Tf32.None)]
    public void TF32_is_for_convolutions_unless_it_is_widened_or_narrowed(string line, Tf32 tf32) => Assert.That(Read(line).Tf32, Is.EqualTo(tf32));

    private static TrainingSettings Read(string line)
    {
        var command = new Command("train");
        foreach (Option option in TrainingOptions.All)
        {
            command.Add(option);
        }
        ParseResult parsed = command.Parse(line);
        Assert.That(parsed.Errors, Is.Empty);
        return TrainingOptions.Read(parsed);
    }
}
