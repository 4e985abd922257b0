using System.Diagnostics;
using System.Text.Json;
using ErLoss.Training.Data;

namespace ErTraining.Tests.Commands;

/// <summary>Studies as a user runs them, on images few enough that a cell takes a second: in processes of their own where these are killed or interrupted.</summary>
[Parallelizable(ParallelScope.All)] // each test has a folder and processes of its own; together they take longer than any other fixture
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class StudyCommandTests : IDisposable
{
    private static readonly string[] s_twoCells =
    [
        "study", "--methods", "simclr", "--objectives", "er", "--batch-sizes", "64,32", "--epochs", "1", "--data", "images", "--encoder-width", "8", "--linear-probe", "false",
        "--output", "study",
    ];

    private readonly TemporaryDirectory _folder = new();

    public StudyCommandTests() => CifarWriter.Write(SyntheticImages.Create(128, 20, seed: 0), _folder["images"]);

    public void Dispose() => _folder.Dispose();

    [Test]
    public void A_study_trains_its_cells_and_leaves_table_curves_and_report()
    {
        File.WriteAllText(_folder["base.json"], """{ "epochs": 2, "batch_size": 64, "method": { "name": "dino", "objective": "er", "teacher": { "ema": 0.9 } } }""");
        string[] command = ["study", "--config", "base.json", "--methods", "simclr,dino", "--axis", "prototypes=32,16", "--parallel", "2", "--threads", "1", "--encoder-width", "8"];
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunStudyHere(_folder.Path, [.. command, "--data", "images", "--output", "study"]);
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);

        using JsonDocument study = JsonDocument.Parse(File.ReadAllText(_folder["study/study.json"]));
        using JsonDocument fewer = JsonDocument.Parse(File.ReadAllText(_folder["study/cells/dino-er-b64-ema0.9-prototypes16-s0/config.json"]));
        JsonElement[] cells = [.. study.RootElement.GetProperty("cells").EnumerateArray()];
        JsonElement dino = study.RootElement.GetProperty("table").GetProperty("rows")[1];
        Assert.Multiple(() =>
        {
            Assert.That(
                cells.Select(cell => cell.GetProperty("name").GetString()),
                Is.EqualTo((string[])["simclr-er-b64-s0", "dino-er-b64-ema0.9-prototypes32-s0", "dino-er-b64-ema0.9-prototypes16-s0"]));
            Assert.That(cells.Select(cell => cell.GetProperty("status").GetString()), Is.All.EqualTo("finished"));
            Assert.That(cells[0].GetProperty("epochs").EnumerateArray().Select(epoch => epoch.TryGetProperty("knn_accuracy", out _)), Is.EqualTo((bool[])[true, true]));
            Assert.That(cells[2].GetProperty("axes").GetProperty("prototypes").GetString(), Is.EqualTo("16"));
            Assert.That(Accuracy(1), Is.EqualTo(dino.GetProperty("accuracy").GetProperty("mean").GetDouble()).Within(1e-9));
            Assert.That(Accuracy(1) - Accuracy(2), Is.EqualTo(dino.GetProperty("deltas")[0].GetProperty("lost").GetProperty("mean").GetDouble()).Within(1e-9));
            Assert.That(fewer.RootElement.GetProperty("method").GetProperty("teacher").GetProperty("ema").GetDouble(), Is.EqualTo(0.9));
            Assert.That(fewer.RootElement.GetProperty("method").GetProperty("teacher").GetProperty("ema_schedule").GetString(), Is.EqualTo("fixed"));
            Assert.That(fewer.RootElement.GetProperty("method").GetProperty("head").GetProperty("prototypes").GetInt32(), Is.EqualTo(16), "which SimCLR has no use for");
            Assert.That(outcome.Output, Does.Contain("95% confidence interval by the number of test images"), "of one seed");
            Assert.That(outcome.Output, Does.Contain("cell 3/3").And.Contain("DINO+ER").And.Contain("At prototypes 16 DINO+ER"));
            Assert.That(outcome.Output, Does.Not.Contain("\e"), "a pipe gets no terminal codes");
            foreach (string file in (string[])["figure2.png", "figure2.svg", "collapse.png", "collapse.svg", "report.html"])
            {
                Assert.That(new FileInfo(_folder[$"study/{file}"]).Length, Is.GreaterThan(5_000));
            }
            Assert.That(cells[0].GetProperty("result").GetProperty("linear_probe_accuracy").GetDouble(), Is.InRange(0.0, 1.0));
            Assert.That(cells[0].GetProperty("steps").GetInt32(), Is.EqualTo(4), "two epochs of two batches");
        });

        // On another machine, as it were: the images and the study are elsewhere.
        string report = File.ReadAllText(_folder["study/report.html"]);
        Directory.Move(_folder["images"], _folder["pictures"]);
        Directory.Move(_folder["study"], _folder["copy"]);
        ProgramUnderTest.Outcome again = ProgramUnderTest.RunStudyHere(_folder.Path, [.. command, "--data", "pictures", "--output", "copy", "--results-only"]);
        Assert.Multiple(() =>
        {
            Assert.That(again.ExitCode, Is.Zero, again.Error);
            Assert.That(again.Output, Does.Contain("All cells are finished already; there is nothing left to do."));
            Assert.That(File.ReadAllText(_folder["copy/report.html"]), Is.EqualTo(report));
            Assert.That(Directory.GetFileSystemEntries(_folder["copy/cells/simclr-er-b64-s0"]).Select(Path.GetFileName), Is.EquivalentTo((string[])["config.json", "metrics.jsonl", "result.json"]));
        });

        double Accuracy(int cell) => 100 * cells[cell].GetProperty("result").GetProperty("knn_accuracy").GetDouble();
    }

    [Test]
    public void Two_processes_share_a_study_and_one_takes_over_the_cell_of_the_other_that_was_killed()
    {
        string[] oneAfterTheOther = [.. s_twoCells, "--parallel", "1"];
        using Process first = ProgramUnderTest.Start(_folder.Path, oneAfterTheOther);
        ProgramUnderTest.WaitWhileItRuns(first, until: () => HasClaimed(first, "simclr-er-b64-s0"));
        using Process second = ProgramUnderTest.Start(_folder.Path, oneAfterTheOther);
        ProgramUnderTest.WaitWhileItRuns(first, until: () => HasClaimed(second, "simclr-er-b32-s0"));
        first.Kill();
        first.WaitForExit();
        string output = second.StandardOutput.ReadToEnd(), error = second.StandardError.ReadToEnd();
        second.WaitForExit();
        Assert.Multiple(() =>
        {
            Assert.That(second.ExitCode, Is.Zero, error);
            Assert.That(output, Does.Contain("simclr-er-b64-s0 is being trained in another process"));
            Assert.That(output, Does.Match(@"cell 1/2 simclr-er-b32-s0: kNN .*\n(?s:.*)cell 2/2 simclr-er-b64-s0: kNN [^\n]*\n(?s:.*)report\.html"));
            Assert.That(Times("simclr-er-b64-s0").Keys, Has.Member("result.json"));
            Assert.That(Directory.EnumerateDirectories(_folder["study/cells"]).Count(), Is.EqualTo(2));
            Assert.That(Directory.Exists(_folder["study/claims"]), Is.False, "nobody needs it any more");
        });

        bool HasClaimed(Process process, string cell) =>
            File.Exists(_folder[$"study/claims/{cell}.1.claim"]) && File.ReadAllText(_folder[$"study/claims/{cell}.1.claim"]).Contains($"-{process.Id}-", StringComparison.Ordinal);
    }

    [Test]
    public void A_finished_cell_is_kept_whatever_computes_the_rest_and_whatever_else_is_asked_for()
    {
        ProgramUnderTest.Outcome first = ProgramUnderTest.RunStudyHere(_folder.Path, [.. s_twoCells.Select(word => word == "64,32" ? "64" : word), "--parallel", "1"]);
        Assert.That(first.ExitCode, Is.Zero, first.Error);
        Dictionary<string, DateTime> before = Times("simclr-er-b64-s0");
        ProgramUnderTest.Outcome again = ProgramUnderTest.RunStudyHere(
            _folder.Path, [.. s_twoCells.Select(word => word == "64,32" ? "64" : word), "--axis", "kappa=10,5", "--parallel", "2", "--threads", "3"]);
        Assert.Multiple(() =>
        {
            Assert.That(again.ExitCode, Is.Zero, again.Error);
            Assert.That(again.Output, Does.Match(@"cell 1/2 simclr-er-b64-kappa10-s0: .* kept").And.Contain("At kappa 5 SimCLR+ER"));
            Assert.That(Times("simclr-er-b64-s0"), Is.EqualTo(before));
            Assert.That(Times("simclr-er-b64-kappa5-s0").Keys, Has.Member("result.json"));
        });

        string config = _folder["study/cells/simclr-er-b64-s0/config.json"];
        string text = File.ReadAllText(config);
        File.WriteAllText(config, text.Replace("\"version\": \"", "\"version\": \"0.0.", StringComparison.Ordinal));
        ProgramUnderTest.Outcome other = ProgramUnderTest.RunStudyHere(_folder.Path, s_twoCells);
        Assert.That(other.ExitCode, Is.EqualTo(2));
        Assert.That(other.Error, Does.Match("error: study: simclr-er-b64-s0 was trained by version 0\\.0\\..* of this program, which is .*; give another --output, or --retrain"));
    }

    [Test]
    public void A_cell_that_cannot_be_trained_is_told_of_and_the_study_goes_on_but_fails_where_no_cell_could_be()
    {
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunStudyHere(_folder.Path, [.. s_twoCells, "--optimizer", "sgd", "--learning-rate", "1e30"]);
        using JsonDocument study = JsonDocument.Parse(File.ReadAllText(_folder["study/study.json"]));
        JsonElement[] cells = [.. study.RootElement.GetProperty("cells").EnumerateArray()];
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.EqualTo(1));
            Assert.That(outcome.Error, Does.StartWith("error: No cell could be trained"));
            Assert.That(cells.Select(cell => cell.GetProperty("status").GetString()), Is.EqualTo((string[])["failed", "failed"]));
            Assert.That(cells[1].GetProperty("message").GetString(), Does.StartWith("Training diverged"));
            Assert.That(outcome.Output, Does.Contain("failed: Training diverged").And.Contain("SimCLR+ER fails to train"));
            Assert.That(File.ReadAllText(_folder["study/report.html"]), Does.Contain(">failed<"));
        });
    }

    [Test]
    [Platform(Include = "Linux", Reason = "Looks for processes in /proc.")]
    public void An_interrupt_stops_the_cells_too_and_exits_with_130()
    {
        using Process process = ProgramUnderTest.Start(_folder.Path, [.. s_twoCells.Select(word => word == "1" ? "100000" : word), "--parallel", "2"]);
        ProgramUnderTest.WaitWhileItRuns(process, until: () => Processes().Count(line => line.Contains("--config", StringComparison.Ordinal)) == 2);
        ProgramUnderTest.Signal(process, "TERM");
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Multiple(() =>
        {
            Assert.That(process.ExitCode, Is.EqualTo(130), error);
            Assert.That(error, Does.StartWith("Interrupted; 0 of 2 cells are finished").And.Contain("The same command continues"));
            Assert.That(Processes(), Is.Empty);
            Assert.That(
                Directory.EnumerateFileSystemEntries(_folder["study/cells"]).Select(Path.GetFileNameWithoutExtension).Distinct(),
                Is.EquivalentTo((string[])["simclr-er-b64-s0", "simclr-er-b32-s0"]), "a cell that had not begun leaves no folder NAME.running-1");
        });

        // Command lines of the processes that work in this test's folder.
        List<string> Processes() =>
        [
            .. Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _) && path != $"/proc/{process.Id}")
                .Where(path => Try(() => File.ResolveLinkTarget(Path.Combine(path, "cwd"), false)?.FullName) == _folder.Path)
                .Select(path => Try(() => File.ReadAllText(Path.Combine(path, "cmdline"))) ?? ""),
        ];

        static string? Try(Func<string?> read)
        {
            try
            {
                return read();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null; // it is over, or not ours
            }
        }
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "Windows has no signals to send to another process.")]
    public void An_interrupted_cell_goes_on_where_it_was()
    {
        string[] study = [.. s_twoCells.Select(word => word == "1" ? "20" : word == "64,32" ? "64" : word)];
        string metrics = _folder["study/cells/simclr-er-b64-s0.running-1/metrics.jsonl"];
        using (Process process = ProgramUnderTest.Start(_folder.Path, study))
        {
            ProgramUnderTest.WaitWhileItRuns(process, until: () => File.Exists(metrics) && new FileInfo(metrics).Length > 0);
            ProgramUnderTest.Signal(process, "TERM");
            Assert.That(process.StandardError.ReadToEnd(), Does.StartWith("Interrupted; 0 of 1 cells"));
            process.WaitForExit();
        }
        string[] before = File.ReadAllLines(metrics);
        Assert.That(before, Has.Length.InRange(1, 19));

        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunStudyHere(_folder.Path, study);
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
            string[] after = File.ReadAllLines(_folder["study/cells/simclr-er-b64-s0/metrics.jsonl"]);
            Assert.That(after, Has.Length.EqualTo(20));
            Assert.That(after[..before.Length], Is.EqualTo(before), "images a second and all: they were not trained again");
        });
    }

    private Dictionary<string, DateTime> Times(string cell) =>
        new DirectoryInfo(_folder[$"study/cells/{cell}"]).EnumerateFiles().ToDictionary(file => file.Name, file => file.LastWriteTimeUtc);
}
