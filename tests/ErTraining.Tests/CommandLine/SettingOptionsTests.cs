using System.CommandLine;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Compute;
using ErLoss.Training.Methods;
using ErLoss.Training.Optimization;
using ErLoss.Training.Runs;
using ErTraining.CommandLine;
using ErTraining.Commands;

namespace ErTraining.Tests.CommandLine;

/// <summary>From a command line, a preset and a file to the settings of a run.</summary>
internal sealed class SettingOptionsTests
{
    private static readonly SettingOptions s_options = new(Registry.Default);

    private static IEnumerable<string> Lines =>
    [
        "", "--learn-kappa --kappa 0.1 --keep-own --queue 4096", "--method dino --no-centering --ema 0.996 --ema-schedule fixed", "--method swav --objective native --prototypes 9",
        "--optimizer lars --clip-trust --trust-coefficient 1e-9 --weight-decay 0", "--estimator plugin --entropy-weight 0.3333333333333333", "--tf32", "--no-tf32", "--data=--odd=name@here:x",
        .. from method in Registry.Default.Methods from preset in method.Value.Presets.Keys select $"--method {method.Key} --preset {preset}",
    ];

    /// <summary>What every recipe of a library for CIFAR has, besides what the recipe of a method has.</summary>
    private const string SoloLearn = "encoder=resnet18 epochs=1000 warmup_epochs=10 batch_size=256 optimizer=lars trust_coefficient=0.02 clip_trust",
        Lightly = "encoder=resnet18 epochs=200 warmup_epochs=0 batch_size=128";

    /// <summary>Presets by method and name, with what stands in the recipes: a word that is not named has its default.</summary>
    private static readonly (string Method, string Preset, string Recipe)[] s_recipes =
    [
        // google-research/simclr, README: a rate of 1 for 256 images, temperature 0.5
        ("simclr", "simclr-paper", "encoder=resnet18 epochs=1000 warmup_epochs=10 batch_size=512 optimizer=lars learning_rate=2 weight_decay=1e-4 kappa=2 hidden_dimension=512 projection_dimension=128 output_norm"),
        // solo-learn, scripts/pretrain/cifar/*.yaml and the heads of solo/methods; temperature 0.2
        ("simclr", "solo-learn", $"{SoloLearn} learning_rate=0.4 weight_decay=1e-4 kappa=5 hidden_dimension=2048 projection_dimension=256 hidden_norm=false"),
        ("byol", "solo-learn", $"{SoloLearn} learning_rate=1 weight_decay=1e-5 ema=0.99 ema_schedule=cosine hidden_dimension=4096 projection_dimension=256"),
        ("dino", "solo-learn", $"{SoloLearn} learning_rate=0.3 weight_decay=1e-6 ema=0.9995 ema_schedule=cosine hidden_dimension=2048 projection_dimension=256 hidden_norm=false prototypes=4096 prototype_norm=0.577"),
        ("swav", "solo-learn", $"{SoloLearn} learning_rate=0.6 weight_decay=1e-6 hidden_dimension=2048 projection_dimension=128 prototypes=3000"),
        ("deepcluster", "solo-learn", $"{SoloLearn} warmup_epochs=11 learning_rate=0.6 weight_decay=1e-6 hidden_dimension=2048 projection_dimension=128 prototypes=3000"),
        // lightly, cifar10_benchmark.py and the heads of lightly/models/modules/heads.py; NTXentLoss has temperature 0.5
        ("simclr", "lightly", $"{Lightly} optimizer=sgd learning_rate=0.06 weight_decay=5e-4 kappa=2 hidden_dimension=512 projection_dimension=128 output_norm"),
        ("byol", "lightly", $"{Lightly} optimizer=sgd learning_rate=0.06 weight_decay=5e-4 ema=0.99 ema_schedule=fixed hidden_dimension=1024 projection_dimension=256 regression=cosines"),
        ("dino", "lightly", $"{Lightly} optimizer=sgd learning_rate=0.06 weight_decay=5e-4 ema=0.99 ema_schedule=fixed hidden_dimension=2048 projection_dimension=256 prototypes=2048 prototype_norm=0.577"),
        ("swav", "lightly", $"{Lightly} optimizer=adamw learning_rate=1e-3 weight_decay=1e-6 hidden_dimension=512 projection_dimension=128 prototypes=512 prototype_layer=linear"),
    ];

    private static IEnumerable<TestCaseData> Recipes => s_recipes.Select(recipe => new TestCaseData(recipe.Method, recipe.Preset, recipe.Recipe).SetArgDisplayNames(recipe.Method, recipe.Preset));

    [Test]
    public void Without_options_the_settings_are_the_defaults() => Assert.That(Read(""), Is.EqualTo(new RunSettings()));

    [TestCaseSource(nameof(Lines))]
    public void All_settings_come_back_from_a_run_s_folder(string line)
    {
        using var directory = new TemporaryDirectory();
        using var folder = new RunWriter(directory.Path, TimeSpan.Zero, Registry.Default);
        RunSettings began = Read(line) with { Version = "1" };
        folder.WriteSettings(began);
        Assert.Multiple(() =>
        {
            Assert.That(folder.Run.ReadSettings(), Is.EqualTo(began));
            Assert.That(ResumedSettings.Of(Registry.Default, s_options, folder.Run, began, Parse("")), Is.EqualTo(began), "resumed");
            Assert.That(ResumedSettings.Of(Registry.Default, s_options, folder.Run, began, Parse(line)), Is.EqualTo(began), "resumed, and said again");
            Assert.That(Read($"--config={folder.Run.ConfigPath}"), Is.EqualTo(began), "as a file of settings");
        });
    }

    [TestCaseSource(nameof(Recipes))]
    public void A_preset_has_the_settings_of_its_recipe_and_its_loss(string method, string preset, string recipe)
    {
        RunSettings native = Read($"--method {method} --preset {preset}"), er = Read($"--method {method} --preset {preset} --objective er");
        Assert.Multiple(() =>
        {
            Assert.That(native, Is.EqualTo(Given.Settings($"method={method} objective=native {recipe}") with { Preset = preset, Views = native.Views }), "the views are tested where views are");
            Assert.That(er, Is.EqualTo(native with { Method = native.Method with { Objective = Objective.Er } }));
        });
    }

    [Test]
    public void Each_preset_is_tested() => Assert.That(
        Registry.Default.Methods.SelectMany(method => method.Value.Presets.Keys.Select(preset => (method.Key, preset))),
        Is.EquivalentTo(s_recipes.Select(recipe => (recipe.Method, recipe.Preset))));

    [Test]
    public void A_run_may_go_on_elsewhere()
    {
        using var directory = new TemporaryDirectory();
        using var folder = new RunWriter(directory.Path, TimeSpan.Zero, Registry.Default);
        folder.WriteSettings(Read("--seed 3 --device cpu --threads 4"));
        RunSettings resumed = ResumedSettings.Of(Registry.Default, s_options, folder.Run, folder.Run.ReadSettings(), Parse("--device cuda:1 --threads 2 --data there"));
        Assert.That(resumed, Is.EqualTo(Read("--seed 3 --device cuda:1 --threads 2 --data there")));
    }

    [Test]
    public void An_option_goes_before_a_file_and_a_file_before_its_preset()
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder["some.json"], """
            {
              // what is left out is the preset's
              "preset": "lightly",
              "method": { "name": "byol", "teacher": { "ema": 0.8 } },
              "epochs": 3,
              "batch_size": 32,
            }
            """);
        RunSettings settings = Read($"--config {folder["some.json"]} --epochs 4 --encoder convnet");
        Assert.Multiple(() =>
        {
            Assert.That(settings.Epochs, Is.EqualTo(4), "the option");
            Assert.That(settings.Encoder, Is.EqualTo(new RunSettings().Encoder));
            Assert.That(settings.BatchSize, Is.EqualTo(32), "the file");
            Assert.That(settings.Method.Objective, Is.EqualTo(Objective.Native), "the preset");
            Assert.That(((ByolSettings)settings.Method).Teacher, Is.EqualTo(new TeacherSettings { Ema = 0.8, EmaSchedule = EmaSchedule.Fixed }), "the file and the preset");
            Assert.That(settings.Optimizer, Is.EqualTo(new SgdSettings { LearningRate = 0.06, WeightDecay = 5e-4 }), "the preset");
            Assert.That(Read($"--config {folder["some.json"]} --method dino").Optimizer, Is.EqualTo(new AdamWSettings()), "another method has no such preset");
        });
    }

    [TestCase("adamw", 3e-3)]
    [TestCase("sgd", 0.3)]
    [TestCase("lars", 0.4)] // the preset's own optimizer keeps the preset's rate
    public void Another_optimizer_than_the_preset_s_has_its_own_learning_rate(string optimizer, double learningRate) =>
        Assert.That(Read($"--preset solo-learn --optimizer {optimizer}").Optimizer.LearningRate, Is.EqualTo(learningRate));

    [Test]
    public void A_file_s_fault_is_the_file_s_and_an_option_s_is_the_option_s()
    {
        using var folder = new TemporaryDirectory();
        string file = folder["some.json"];
        File.WriteAllText(file, """{ "method": { "loss": { "kappa": 0 } } }""");
        Assert.That(() => Read($"--config {file} --kappa 5"), Throws.TypeOf<DataException>().With.Message.EqualTo($"{file}: method.loss.kappa is 0; a number from 1e-6 to 1e6 is wanted"));
        File.WriteAllText(file, "{}");
        Assert.That(() => Read($"--config {file} --kappa 0"), Throws.TypeOf<UsageException>().With.Message.EqualTo("--kappa is 0; a number from 1e-6 to 1e6 is wanted."));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "Its pipes have no place among the files.")]
    public void A_pipe_is_read_once_somebody_writes_into_it_and_not_waited_for_after_an_interrupt()
    {
        using var folder = new TemporaryDirectory();
        using (var make = System.Diagnostics.Process.Start("mkfifo", [folder["silent"], folder["pipe"]]))
        {
            make.WaitForExit();
        }
        using var interrupt = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));
        Assert.That(() => s_options.Fresh(Parse($"--config {folder["silent"]}"), interrupt.Token), Throws.InstanceOf<OperationCanceledException>());
        File.WriteAllText(folder["silent"], "{}"); // which lets the thread go that waits in it
        Task<RunSettings> reading = Task.Run(() => Read($"--config {folder["pipe"]}"));
        File.WriteAllText(folder["pipe"], """{ "epochs": 3 }""");
        Assert.That(reading.Result.Epochs, Is.EqualTo(3));
    }

    [TestCase("", Tf32.Convolutions)]
    [TestCase("--tf32", Tf32.Products)]
    [TestCase("--no-tf32", Tf32.None)]
    [TestCase("--tf32 none", Tf32.None)]
    public void TF32_is_for_convolutions_unless_it_is_widened_or_narrowed(string line, Tf32 tf32) => Assert.That(Read(line).Compute.Tf32, Is.EqualTo(tf32));

    [TestCase("--learn-kappa", true)]
    [TestCase("--learn-kappa=false", false)]
    public void A_flag_can_be_taken_back(string line, bool isOn) => Assert.That(((SimClrSettings)Read(line).Method).LearnKappa, Is.EqualTo(isOn));

    [TestCase("--method dino --no-centering", false)]
    [TestCase("--method dino --no-centering=false", true)]
    [TestCase("--method dino", true)]
    public void A_flag_that_is_on_is_turned_off(string line, bool isOn) => Assert.That(((DinoSettings)Read(line).Method).Centering, Is.EqualTo(isOn));

    [Test]
    public void Help_has_each_kind_s_default_and_who_has_an_option()
    {
        Option ema = s_options.All.Single(option => option.Name == "--ema"), rate = s_options.All.Single(option => option.Name == "--learning-rate");
        Assert.Multiple(() =>
        {
            Assert.That(ema.Description, Does.EndWith("With method byol, dino. [default: 0.95 for byol, 0.99 for dino]"));
            Assert.That(rate.Description, Does.EndWith("[default: 0.003 for adamw, 0.3 for sgd, 1 for lars]"));
        });
    }

    [Test]
    public void Help_of_a_command_has_its_own_defaults_in_place_of_those_of_a_new_run()
    {
        Command evaluate = EvaluateCommand.Create(Registry.Default), study = StudyCommand.Create(Registry.Default);
        Assert.Multiple(() =>
        {
            Assert.That(Help(evaluate, "--data"), Does.EndWith("[default: that of the run; synthetic with --weights]"));
            Assert.That(Help(evaluate, "--weights"), Is.EqualTo("Safetensors file with the weights of the encoder to measure, as export or PyTorch writes it."));
            Assert.That(Help(study, "--ema-schedule"), Does.EndWith("[default: fixed]"));
            Assert.That(Help(study, "--threads"), Does.Contain("[default: an even share of the processors"));
        });

        static string Help(Command command, string name) => command.Options.Single(option => option.Name == name).Description!;
    }

    private static RunSettings Read(string line) => s_options.Fresh(Parse(line));

    private static ParseResult Parse(string line)
    {
        ParseResult parsed = TrainCommandWith().Parse(line);
        Assert.That(parsed.Errors, Is.Empty);
        return parsed;
    }

    private static Command TrainCommandWith()
    {
        var command = new Command("train");
        foreach (Option option in s_options.All.Append(s_options.Config))
        {
            command.Add(option);
        }
        return command;
    }
}
