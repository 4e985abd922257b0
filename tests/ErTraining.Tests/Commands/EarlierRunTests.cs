using System.CommandLine;
using ErTraining.Commands;
using ErTraining.Methods;
using ErTraining.Reporting;
using ErTraining.Training;

namespace ErTraining.Tests.Commands;

/// <summary>What a run was begun with is what it goes on with, whatever that was.</summary>
internal sealed class EarlierRunTests
{
    private static IEnumerable<string> Lines =>
    [
        "", "--learn-kappa --kappa 0.1 --leave-one-out", "--method dino --no-centering --ema 0.996 --ema-schedule fixed", "--method swav --objective native --prototypes 9",
        "--optimizer lars --clip-trust --trust-coefficient 1e-9 --weight-decay 0", "--estimator plugin --entropy-weight 0.3333333333333333", "--tf32", "--no-tf32", "--data=--odd=name@here:x",
        .. from method in MethodCatalog.Names from preset in MethodCatalog.Describe(method).Recipes.Keys select $"--method {method} --preset {preset}",
    ];

    [TestCaseSource(nameof(Lines))]
    public void All_settings_come_back(string line)
    {
        TrainingSettings began = Settings(line) with { Version = "1", TrainImages = 100, Threads = 1, Device = "cpu" };
        Assert.That(Resumed(began, "") with { Version = "1" }, Is.EqualTo(began));
        Assert.That(Resumed(began, line) with { Version = "1" }, Is.EqualTo(began), "said again");
    }

    [Test]
    public void A_run_may_go_on_elsewhere()
    {
        TrainingSettings resumed = Resumed(Settings("--seed 3") with { Device = "cpu", Threads = 4 }, "--device cuda:1 --threads 2 --data there");
        Assert.Multiple(() =>
        {
            Assert.That(resumed.Device, Is.EqualTo("cuda:1"));
            Assert.That(resumed.Threads, Is.EqualTo(2));
            Assert.That(resumed.Data, Is.EqualTo("there"));
            Assert.That(resumed.Seed, Is.EqualTo(3));
        });
    }

    private static TrainingSettings Resumed(TrainingSettings began, string line)
    {
        using var directory = new TemporaryDirectory();
        using var folder = new RunFolder(directory.Path, TimeSpan.Zero);
        folder.WriteSettings(began);
        return EarlierRun.Settings(folder, Parse(line));
    }

    private static TrainingSettings Settings(string line) => TrainingOptions.WithDefaults(TrainingOptions.Read(Parse(line)));

    private static ParseResult Parse(string line) => TrainCommand.Create().Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
