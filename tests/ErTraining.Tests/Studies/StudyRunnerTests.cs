using ErLoss.Training;
using ErLoss.Training.Runs;
using ErLoss.Training.Studies;

namespace ErTraining.Tests.Studies;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class StudyRunnerTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase(ExitCode.Failure)]
    [TestCase(ExitCode.BadInput)]
    public async Task What_others_finished_and_left_while_this_machine_slept_is_kept(int exitCode)
    {
        StudyPlan plan = Sample.Plan("method=simclr objective=er batch_size=64", "epochs=2");
        StudyCell cell = plan.Cells[0];
        using var folder = new StudyFolder(_folder["study"], Registry.Default);
        using StudyNode here = await new StudyNode(folder.ClaimsPath, "here").JoinAsync();
        var runner = new StudyRunner(plan, folder, here.Processes, here.Claims, new Silent(), (_, _) => Task.FromResult(Sleep()), (_, _) => []);
        await runner.RunAsync(parallel: 1, default);
        Assert.Multiple(() =>
        {
            Assert.That(runner.Outcomes[0].Result, Is.EqualTo(Sample.Finished(cell, 0.5).Result));
            Assert.That(folder.Kept(cell)?.Status, Is.EqualTo(CellStatus.Finished));
        });

        // The others take this process to be over and the cell over from it, finish it, and delete the claims as they end.
        CellProcess.Ending Sleep()
        {
            Directory.Delete(folder.ClaimsPath, recursive: true);
            using (var run = new RunWriter(folder.Cells.Of(cell).Path, TimeSpan.Zero, Registry.Default))
            {
                CellOutcome finished = Sample.Finished(cell, 0.5);
                run.WriteSettings(cell.Settings);
                run.WriteMetrics(finished.Epochs);
                run.WriteResult(finished.Result!);
            }
            here.Processes.Beat();
            return new CellProcess.Ending(exitCode, "error: the folder is gone");
        }
    }

    /// <summary>Whom nothing interests.</summary>
    private sealed class Silent : IStudyObserver
    {
        public void OnCellStart(StudyCell cell, RunReader run)
        {
        }

        public void OnCellElsewhere(StudyCell cell, RunReader? run, string? host)
        {
        }

        public void OnCellFree(StudyCell cell)
        {
        }

        public void OnCellEnd(CellOutcome outcome, bool wasKept)
        {
        }
    }
}
