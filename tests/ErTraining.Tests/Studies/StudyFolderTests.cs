using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Runs;
using ErLoss.Training.Studies;

namespace ErTraining.Tests.Studies;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class StudyFolderTests : IDisposable
{
    private static readonly StudyPlan s_plan = Sample.Plan("method=simclr objective=er batch_size=64", "epochs=2");
    private static readonly StudyCell s_cell = s_plan.Cells[0];

    private readonly TemporaryDirectory _folder = new();

    private string CellPath => _folder["study/cells/simclr-er-b64-s0"];

    public void Dispose() => _folder.Dispose();

    [Test]
    public void A_study_of_more_values_finds_the_cells_that_are_there_and_keeps_those_that_it_leaves_out()
    {
        WriteCell(s_cell.Settings);
        StudyPlan more = Sample.Plan("method=simclr objective=er batch_size=64,32 kappa=5,10 seed=0,1", "epochs=2", fullGrid: true);
        StudyPlan longer = Sample.Plan("method=simclr objective=er batch_size=64", "epochs=3");
        using StudyFolder folder = Open();
        StudyCell[] kept = [.. more.Cells.Where(cell => folder.Kept(cell) is not null)];
        Assert.Multiple(() =>
        {
            Assert.That(kept.Select(cell => cell.Name), Is.EqualTo((string[])["simclr-er-b64-kappa10-s0"]), "10 is what the first study had by default");
            Assert.That(folder.Cells.NameOf(kept[0]), Is.EqualTo("simclr-er-b64-s0"));
            Assert.That(folder.Cells.NameOf(longer.Cells[0]), Is.EqualTo("simclr-er-b64-s0-epochs3"), "another result, beside the first");
            Assert.That(folder.CountOthers(s_plan.Cells), Is.EqualTo(8), "the new ones");
            Assert.That(folder.OfAnotherVersion(more.Cells), Is.Null);
        });
    }

    [Test]
    public void A_cell_of_another_version_is_told_of_and_never_taken_for_one_of_this()
    {
        WriteCell(s_cell.Settings with { Version = "0.9" });
        using StudyFolder folder = Open();
        Assert.Multiple(() =>
        {
            Assert.That(folder.OfAnotherVersion(s_plan.Cells), Is.EqualTo(("simclr-er-b64-s0", "0.9")));
            Assert.That(folder.Kept(s_cell), Is.Null);
            Assert.That(folder.Cells.NameOf(s_cell), Is.EqualTo("simclr-er-b64-s0-v1.0"));
        });
    }

    [TestCase("synthetic", null, false)]
    [TestCase("images", "1f", false)]
    [TestCase("moved", "1f", false, Description = "the same images in another folder")]
    [TestCase("images", "2e", true)]
    [TestCase("synthetic", "1f", true)]
    [TestCase("images", null, true)]
    public void A_cell_of_other_images_is_told_of(string source, string? fingerprint, bool areOthers)
    {
        RunSettings trained = s_cell.Settings with { Data = new() { Source = source == "synthetic" ? source : "images" } };
        WriteCell(trained with { Used = new() { DataFingerprint = "1f" } });
        using StudyFolder folder = Open();
        Assert.That(folder.OnOtherImages(s_plan.Cells, new() { Source = source }, fingerprint), Is.EqualTo(areOthers ? "simclr-er-b64-s0" : null));
    }

    [Test]
    public void What_another_process_begins_and_ends_is_found_under_the_same_name()
    {
        StudyPlan plan = Sample.Plan("method=simclr objective=er batch_size=64,32", "epochs=2");
        Directory.CreateDirectory(CellPath); // the other one has just begun, and its settings are not there yet
        using StudyFolder folder = Open();
        string[] before = [.. plan.Cells.Select(folder.Cells.NameOf)];
        WriteCell(s_cell.Settings);
        folder.Cells.Refresh();
        Assert.Multiple(() =>
        {
            Assert.That(before, Is.EqualTo((string[])["simclr-er-b64-s0-2", "simclr-er-b32-s0"]));
            Assert.That(plan.Cells.Select(folder.Cells.NameOf), Is.EqualTo((string[])["simclr-er-b64-s0", "simclr-er-b32-s0"]));
            Assert.That(folder.Kept(plan.Cells[0])?.Status, Is.EqualTo(CellStatus.Finished));
        });
    }

    [Test]
    public void A_folder_of_a_training_run_is_refused()
    {
        using (var run = new RunWriter(_folder["study"], TimeSpan.Zero, Registry.Default))
        {
            run.WriteSettings(new RunSettings());
        }
        Assert.That(() => Open(), Throws.TypeOf<DataException>().With.Message.Contains("a training run is already here; choose another output folder."));
    }

    [Test]
    public void A_finished_cell_is_kept_with_its_result_and_epochs()
    {
        WriteCell(s_cell.Settings with { Compute = new() { Device = "cpu", Threads = 3 } });
        using StudyFolder folder = Open();
        CellOutcome? kept = folder.Kept(s_cell);
        Assert.Multiple(() =>
        {
            Assert.That(kept?.Status, Is.EqualTo(CellStatus.Finished));
            Assert.That(kept?.Result, Is.EqualTo(Sample.Finished(s_cell, 0.5).Result));
            Assert.That(kept?.Epochs, Is.EqualTo(Sample.Finished(s_cell, 0.5).Epochs));
        });
    }

    [TestCase("result.json", "")]
    [TestCase("result.json", "{")]
    [TestCase("result.json", "null")]
    [TestCase("result.json", "{}")]
    [TestCase("result.json", "{\"method\": 3}")]
    [TestCase("result.json", null)]
    [TestCase("config.json", "[]")]
    [TestCase("config.json", null)]
    [TestCase("metrics.jsonl", "")]
    [TestCase("metrics.jsonl", "{\"epoch\": 1, \"loss\": 1}\n{\"epoch\": 2, \"lo")]
    public void A_cell_with_an_unsound_file_is_trained_anew(string file, string? content)
    {
        WriteCell(s_cell.Settings);
        if (content is null)
        {
            File.Delete(Path.Combine(CellPath, file));
        }
        else
        {
            File.WriteAllText(Path.Combine(CellPath, file), content);
        }
        using StudyFolder folder = Open();
        Assert.That(folder.Kept(s_cell), Is.Null);
    }

    [Test]
    public void A_cell_that_is_over_takes_the_place_of_what_was_there()
    {
        WriteCell(s_cell.Settings);
        using StudyFolder folder = Open();
        RunReader run = folder.Begin(s_cell, 2);
        Directory.CreateDirectory(run.Path);
        File.WriteAllText(Path.Combine(run.Path, "new"), "");
        Directory.CreateDirectory(CellPath + ".running-1"); // of a process that woke up when its cell had been taken over
        folder.Keep(s_cell, run);
        Assert.Multiple(() =>
        {
            Assert.That(Directory.EnumerateFileSystemEntries(CellPath).Select(Path.GetFileName), Is.EqualTo((string[])["new"]));
            Assert.That(Directory.EnumerateDirectories(_folder["study/cells"]), Has.One.Items);
        });
    }

    [Test]
    public void A_finished_cell_that_is_reduced_to_its_results_is_known_as_before_and_says_nothing_of_the_machine()
    {
        WriteCell(s_cell.Settings with { Data = new() { Source = "/some/where/images/", Cache = "/some/cache" }, Used = new() { DataFingerprint = "1f" } });
        StudyCell failed = Sample.Plan("method=simclr objective=er batch_size=32", "epochs=2").Cells[0];
        string report = _folder["study/cells/simclr-er-b32-s0/report.html"];
        using (StudyFolder folder = Open())
        {
            folder.WriteSettings(failed);
            foreach (string file in (string[])[Path.Combine(CellPath, "checkpoint", "model.safetensors"), Path.Combine(CellPath, "report.html"), report])
            {
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllText(file, "");
            }
            folder.Reduce(s_cell);
            folder.Reduce(failed);
        }
        using StudyFolder later = Open();
        Assert.Multiple(() =>
        {
            Assert.That(Directory.EnumerateFileSystemEntries(CellPath).Select(Path.GetFileName), Is.EquivalentTo((string[])["config.json", "metrics.jsonl", "result.json"]));
            Assert.That(File.ReadAllText(Path.Combine(CellPath, "config.json")), Does.Contain("\"source\": \"images\"").And.Contain("\"cache\": null"));
            Assert.That(File.Exists(report), "of a cell that is not finished all stays");
            Assert.That(later.Kept(s_cell)?.Epochs, Has.Count.EqualTo(2));
            Assert.That(later.OnOtherImages(s_plan.Cells, new() { Source = "moved" }, "1f"), Is.Null);
            Assert.That(later.OnOtherImages(s_plan.Cells, new() { Source = "moved" }, "2e"), Is.EqualTo("simclr-er-b64-s0"));
        });
    }

    [Test]
    public void A_cell_without_the_linear_probe_that_is_asked_for_is_trained_anew()
    {
        StudyCell cell = Sample.Plan("method=simclr objective=er batch_size=64", "epochs=2 linear_probe").Cells[0];
        WriteCell(s_cell.Settings);
        using StudyFolder folder = Open();
        RunReader run = new(CellPath, Registry.Default);
        Assert.That(folder.Kept(cell), Is.Not.Null, "of an older version, which does not say how many images have labels");
        foreach ((int labelled, double? accuracy, bool isKept) in ((int, double?, bool)[])[(2, null, false), (2, 0.25, true), (1, null, true)])
        {
            File.WriteAllText(run.ResultPath, JsonSerializer.Serialize(Sample.Finished(cell, 0.5).Result! with { LabelledImages = labelled, LinearProbeAccuracy = accuracy }, JsonFormat.Document));
            Assert.That(folder.Kept(cell) is not null, Is.EqualTo(isKept), $"{labelled} {accuracy}");
        }
    }

    [Test]
    public void What_was_left_of_a_cell_is_continued_where_the_process_before_does_not_find_it()
    {
        RunReader reader;
        using (StudyFolder before = Open())
        {
            Assert.That(before.Cells.Latest(s_cell), Is.Null);
            reader = before.Begin(s_cell, 2);
        }
        using (var run = new RunWriter(reader.Path, TimeSpan.Zero, Registry.Default))
        {
            run.WriteSettings(s_cell.Settings with { Compute = new() { Threads = 3 } });
            Assert.That(reader.IsInUse);
            Assert.That(reader.TryReadSettings()?.Compute.Threads, Is.EqualTo(3), "a reader needs no lock");
        }
        Assert.That(reader.IsInUse, Is.False);
        using StudyFolder folder = Open();
        StudyCell other = s_cell with { Settings = s_cell.Settings with { BatchSize = 32 } };
        Assert.That(folder.Cells.Latest(s_cell)?.Path, Is.EqualTo(reader.Path));
        RunReader next = folder.Begin(s_cell, 3);
        Assert.That(next.TryReadSettings()?.Compute.Threads, Is.EqualTo(3), "what it left");
        Assert.That(Directory.Exists(reader.Path), Is.False);
        Assert.That(folder.Begin(other, 1).Path, Does.EndWith("simclr-er-b64-s0-b32.running-1"), "of a cell whose name is taken");
    }

    private StudyFolder Open() => new(_folder["study"], Registry.Default);

    private void WriteCell(RunSettings settings)
    {
        using var run = new RunWriter(CellPath, TimeSpan.Zero, Registry.Default);
        run.WriteSettings(settings);
        CellOutcome sample = Sample.Finished(s_cell, 0.5);
        run.WriteMetrics(sample.Epochs);
        run.WriteResult(sample.Result!);
    }
}
