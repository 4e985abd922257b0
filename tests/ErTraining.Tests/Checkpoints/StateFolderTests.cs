using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using ErLoss.Training.Checkpoints;

namespace ErTraining.Tests.Checkpoints;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class StateFolderTests : IDisposable
{
    private static readonly SafeTensor s_tensor = new("F32", [2], new byte[8]);

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void The_newest_two_are_kept_and_the_newest_is_found()
    {
        StateFolder states = Save(0, 5, 10, 10, 1_000_000_000);
        Assert.That(Files(), Is.EqualTo(["state-000000010.safetensors", "state-1000000000.safetensors"]));
        Assert.That(states.Newest(Assert.Fail)!.Position.StepsDone, Is.EqualTo(1_000_000_000));
    }

    [Test]
    public void A_state_of_images_without_labels_has_no_accuracy()
    {
        TrainingState state = Save(5).Newest(Assert.Fail)!;
        string file = _folder["state.safetensors"];
        StateFile.Write(file, state with { Position = state.Position with { KnnAccuracyBefore = null } });
        Assert.That((state.Position.KnnAccuracyBefore, StateFile.Read(file).Position.KnnAccuracyBefore), Is.EqualTo(((double?)0.5, (double?)null)));
    }

    [Test]
    public void Without_states_there_is_nothing_to_go_on_from()
    {
        Assert.That(new StateFolder(_folder["none"], TimeSpan.Zero).Newest(Assert.Fail), Is.Null);
        File.WriteAllText(_folder["state-of-mind.safetensors"], "somebody else's");
        Assert.That(new StateFolder(_folder.Path, TimeSpan.Zero).Newest(Assert.Fail), Is.Null);
        Assert.That(StateFolder.HasStates(_folder.Path), Is.False);
    }

    [TestCase(0)]
    [TestCase(100)]
    public void A_state_cut_short_is_passed_over_and_goes_with_the_next_save(int length)
    {
        StateFolder states = Save(5, 10);
        using (FileStream file = File.OpenWrite(_folder["state-000000010.safetensors"]))
        {
            file.SetLength(length);
        }
        var unsound = new List<string>();
        Assert.That(states.Newest(unsound.Add)!.Position.StepsDone, Is.EqualTo(5));
        Assert.That(unsound.Single(), Does.Contain("state-000000010.safetensors: "));

        Save(7);
        Assert.That(Files(), Is.EqualTo(["state-000000005.safetensors", "state-000000007.safetensors"]));
    }

    [Test]
    public void Where_no_state_is_sound_that_is_said()
    {
        File.WriteAllText(_folder["state-000000010.safetensors"], "");
        Assert.That(() => new StateFolder(_folder.Path, TimeSpan.Zero).Newest(_ => { }), Throws.TypeOf<DataException>().With.Message.Contains("no checkpoint here is sound"));
    }

    [Test]
    public void A_state_is_due_once_the_interval_is_over()
    {
        Assert.That(new StateFolder(_folder.Path, TimeSpan.Zero).IsDue);
        Assert.That(new StateFolder(_folder.Path, TimeSpan.FromDays(1)).IsDue, Is.False);
    }

    [Test]
    public void A_request_makes_it_due_at_once_and_is_answered_by_a_save()
    {
        var states = new StateFolder(_folder.Path, TimeSpan.FromDays(1));
        SaveRequests.Make();
        Assert.That(states.IsDue);
        Save(states, 5);
        Assert.That(states.IsDue, Is.False);
        Assert.That(Files(), Is.EqualTo(["state-000000005.safetensors"]));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Of_a_run_that_is_over_the_newest_state_stays_and_its_tensors_where_they_are_asked_for(bool areAskedFor)
    {
        StateFolder states = Save(5, 10);
        if (!areAskedFor)
        {
            File.WriteAllText(_folder["state-000000010.safetensors"], "spoilt"); // what is left is written anew, not read
        }
        states.End(areAskedFor);
        TrainingState left = states.Newest(Assert.Fail)!;
        Assert.Multiple(() =>
        {
            Assert.That(Files(), Is.EqualTo(["state-000000010.safetensors"]));
            Assert.That((left.Position.StepsDone, left.HasWeights, left.Optimizer.Count), Is.EqualTo((10L, areAskedFor, areAskedFor ? 1 : 0)));
        });
    }

    private StateFolder Save(params long[] steps)
    {
        var states = new StateFolder(_folder.Path, TimeSpan.Zero);
        Save(states, steps);
        return states;
    }

    private static void Save(StateFolder states, params long[] steps)
    {
        foreach (long step in steps)
        {
            var position = new RunPosition
            {
                KnnAccuracyBefore = 0.5,
                ViewRetrievalBefore = 0.25,
                Epochs = [],
                StepsDone = step,
                MetricSums = [0, 0, 0, 0],
                Elapsed = default,
                Training = default,
                EpochTraining = default,
            };
            states.Save(new TrainingState(
                "{}", "", position, new Dictionary<string, SafeTensor> { ["weight"] = s_tensor }, new Dictionary<string, SafeTensor> { ["moment"] = s_tensor }));
        }
    }

    private IEnumerable<string?> Files() => Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal);
}
