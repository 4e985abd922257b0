using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Runs;
using ErLoss.Training.Studies;

namespace ErTraining.Tests.Studies;

internal sealed class StudyFolderTests
{
    private static readonly StudyPlan s_plan = Sample.Plan("method=simclr objective=er batch_size=64", "epochs=2");
    private static readonly StudyCell s_cell = s_plan.Cells[0];

    private TemporaryDirectory _folder = null!;

    private string CellPath => _folder["study/cells/simclr-er-b64-s0"];

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryDirectory();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void The_same_settings_open_it_again_and_others_are_refused()
    {
        Write();
        Open().Dispose();
        Assert.That(
            () => Open(s_plan.Settings with { FullGrid = true }),
            Throws.TypeOf<DataException>().With.Message.Contains("full_grid is false there and true now").And.Message.Not.Contains("\n"));
    }

    [TestCase("not JSON")]
    [TestCase("[]")]
    [TestCase("{}")]
    public void A_study_document_that_is_none_is_named(string content)
    {
        Write();
        File.WriteAllText(_folder["study/study.json"], content);
        Assert.That(() => Open(), Throws.TypeOf<DataException>().With.Message.Contains("study.json"));
    }

    [Test]
    public void Two_studies_do_not_work_in_one_folder()
    {
        using (Open())
        {
            Assert.That(() => Open(), Throws.TypeOf<DataException>().With.Message.Contains("another process"));
        }
        Open().Dispose();
    }

    [Test]
    public void A_folder_of_a_training_run_is_refused()
    {
        using (var run = new RunFolder(_folder["study"], TimeSpan.Zero, Registry.Default))
        {
            run.WriteSettings(new RunSettings());
        }
        Assert.That(() => Open(), Throws.TypeOf<DataException>().With.Message.Contains("a training run is already here; choose another output folder."));
    }

    [Test]
    public void A_finished_cell_is_kept_with_its_result_and_epochs()
    {
        WriteCell(s_cell.Settings with { Compute = new() { Device = "cpu", Threads = 3 }, Version = "1" });
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
    public void A_cell_of_other_settings_is_trained_anew()
    {
        WriteCell(Given.Settings("epochs=2 batch_size=64 learning_rate=1 kappa=5"));
        using StudyFolder folder = Open();
        Assert.That(folder.Kept(s_cell), Is.Null);
    }

    [Test]
    public void A_cell_that_is_over_takes_the_place_of_what_was_there()
    {
        WriteCell(s_cell.Settings);
        using StudyFolder folder = Open();
        string run = folder.RunPath(s_cell);
        Directory.CreateDirectory(run);
        File.WriteAllText(Path.Combine(run, "new"), "");
        folder.Keep(s_cell, run);
        Assert.Multiple(() =>
        {
            Assert.That(Directory.EnumerateFileSystemEntries(CellPath).Select(Path.GetFileName), Is.EqualTo((string[])["new"]));
            Assert.That(Directory.EnumerateDirectories(_folder["study/cells"]), Has.One.Items);
        });
    }

    [Test]
    public void What_was_left_of_a_cell_is_gone_on_with_if_it_is_of_the_same_settings()
    {
        using StudyFolder folder = Open();
        string path = folder.RunPath(s_cell);
        using (var run = new RunFolder(path, TimeSpan.Zero, Registry.Default))
        {
            run.WriteSettings(s_cell.Settings with { Compute = new() { Threads = 3 } });
            Assert.That(RunFolder.IsInUse(path));
        }
        Assert.That(RunFolder.IsInUse(path), Is.False);
        Assert.That(folder.RunPath(s_cell), Is.EqualTo(path));
        Assert.That(Directory.Exists(path));
        Assert.That(folder.RunPath(s_cell with { Settings = Given.Settings("epochs=2 batch_size=64 learning_rate=1 kappa=5") }), Is.EqualTo(path));
        Assert.That(Directory.Exists(path), Is.False, "another study's");
    }

    private StudyFolder Open(StudySettings? settings = null) => new(_folder["study"], settings ?? s_plan.Settings, Registry.Default);

    private void Write()
    {
        using StudyFolder folder = Open();
        folder.Write(StudyDocument.Create(s_plan, [.. s_plan.Cells.Select(CellOutcome.Pending)]));
    }

    private void WriteCell(RunSettings settings)
    {
        using var run = new RunFolder(CellPath, TimeSpan.Zero, Registry.Default);
        run.WriteSettings(settings);
        CellOutcome sample = Sample.Finished(s_cell, 0.5);
        run.WriteMetrics(sample.Epochs);
        run.WriteResult(sample.Result!);
    }
}
