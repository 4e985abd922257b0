using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using ErLoss.Training.Checkpoints;
using ErLoss.Training.Compute;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Training;

/// <summary>A run that is taken up comes to the same weights and metrics as if it had never stopped, to the last bit.</summary>
internal sealed partial class ResumeTests
{
    private const int StepsPerEpoch = 3, BatchSize = 8;

    private static readonly ImageData s_data = SyntheticImages.Create(24, 10, seed: 0, size: 16);

    /// <summary>The same images, none of them in memory.</summary>
    private static readonly ImageData s_read = new(s_data.Name, OnDemand(s_data.Train), OnDemand(s_data.Test));

    private const string Line = "image_size=16 encoder_width=8 epochs=2 batch_size=8 hidden_dimension=16 projection_dimension=8 evaluations=2";

    private static readonly RunSettings s_settings = Given.Settings(Line);

    /// <summary>All methods in both forms, those on the sphere with a queue in one; optimizers and precisions take turns. One has the linear probe, which no method knows of.</summary>
    private static IEnumerable<TestCaseData> All =>
        from form in Registry.Default.Methods.Keys.SelectMany(method => Enum.GetValues<Objective>(), (method, objective) => (method, objective)).Index()
        let optimizer = new[] { "adamw", "sgd", "lars" }[form.Index % 3]
        let precision = (Precision)(form.Index / 3 % 2)
        let method = $"method={form.Item.method} objective={form.Item.objective} optimizer={optimizer} precision={precision}".ToLowerInvariant()
        let more = form.Item switch
        {
            // When a run stops, the queue is filling, over its end, or about to be.
            ("simclr", Objective.Er) => " learn_kappa queue=20 linear_probe",
            ("byol", Objective.Er) => " queue=20",
            ("dino", Objective.Er) or ("swav", Objective.Native) => " small_crops=2 small_crop_size=12",
            _ => "",
        }
        select new TestCaseData(Given.Settings($"{Line} {method}{more}", prototypes: 6)).SetArgDisplayNames(form.Item.method, $"{form.Item.objective}", $"{optimizer}", $"{precision}");

    [TestCaseSource(nameof(All))]
    public void Taken_up_anywhere_a_run_ends_as_if_it_had_never_stopped(RunSettings settings)
    {
        using var folder = new TemporaryDirectory();
        var states = new EveryStep();
        Outcome whole = Train(settings, null, states);
        // The start, after each step of each epoch, after each epoch.
        Assert.That(states.Kept, Has.Count.EqualTo(1 + settings.Epochs * (StepsPerEpoch + 1)));
        int[] stops = [2, 4, 5]; // within an epoch, between two, within the next
        foreach (int stop in stops)
        {
            string file = folder["state.safetensors"];
            StateFile.Write(file, states.Kept[stop]);
            Outcome resumed = Train(settings, StateFile.Read(file), null);
            Assert.Multiple(() =>
            {
                Assert.That(resumed.Epochs, Is.EqualTo(whole.Epochs), $"metrics, stopped at {stop}");
                Assert.That(resumed.Result, Is.EqualTo(whole.Result), $"result, stopped at {stop}");
                Assert.That(resumed.Classes, Is.EqualTo(whole.Classes), $"accuracies by class, stopped at {stop}");
                Assert.That(resumed.Weights, Is.EqualTo(whole.Weights), $"weights, stopped at {stop}");
            });
        }
    }

    [Test]
    public void Stopped_and_taken_up_after_every_single_step_too()
    {
        RunSettings settings = Given.Settings($"{Line} method=byol");
        Outcome whole = Train(settings, null, null), last = null!;
        TrainingState? state = null;
        for (int stops = 0; last is null; stops++)
        {
            Assert.That(stops, Is.LessThan(20));
            using var cancellation = new CancellationTokenSource();
            var first = new EveryStep { AfterSteps = cancellation.Cancel };
            try
            {
                last = Train(settings, state, first, cancellation.Token);
            }
            catch (OperationCanceledException)
            {
                state = first.Kept[^1];
            }
        }
        Assert.Multiple(() =>
        {
            Assert.That(last.Epochs, Is.EqualTo(whole.Epochs));
            Assert.That(last.Weights, Is.EqualTo(whole.Weights));
        });
    }

    [TestCase(2 * StepsPerEpoch, 3, Description = "at its end")]
    [TestCase(StepsPerEpoch + 1, 3, Description = "in the midst of an epoch")]
    public void An_extended_run_ends_alike_whether_it_is_stopped_or_planned_so_from_the_start(int stepsBefore, int epochs)
    {
        RunSettings settings = Given.Settings($"{Line} method=byol linear_probe");
        RunSettings extended = settings.WithEpochs(epochs, stepsBefore);
        var before = new EveryStep();
        Outcome shorter = Train(settings, null, before);
        TrainingState last = before.Kept.Last(state => state.Position.StepsDone == stepsBefore);

        var states = new EveryStep();
        Outcome whole = Train(extended, last, states);
        Outcome stopped = Train(extended, states.Kept[^3], null), planned = Train(extended, null, null);
        Assert.Multiple(() =>
        {
            Assert.That(whole.Epochs.Select(epoch => epoch.Epoch), Is.EqualTo((int[])[1, 2, 3]));
            Assert.That(whole.Epochs[0], Is.EqualTo(shorter.Epochs[0]));
            Assert.That(whole.Result.Epochs, Is.EqualTo(epochs));
            Assert.That(whole.Weights, Is.Not.EqualTo(shorter.Weights));
            foreach (Outcome other in (Outcome[])[stopped, planned])
            {
                Assert.That(other.Epochs, Is.EqualTo(whole.Epochs));
                Assert.That(other.Result, Is.EqualTo(whole.Result));
                Assert.That(other.Classes, Is.EqualTo(whole.Classes));
                Assert.That(other.Weights, Is.EqualTo(whole.Weights));
            }
        });
        AssertRefused(last, settings.WithEpochs(epochs, stepsBefore - 1), s_data, "epochs 2, not 3");
        AssertTaken(before.Kept[1] with { Settings = Registry.Default.Document.Write(extended) }, extended.WithEpochs(epochs + 1, 1)); // of a run that was planned so and has not come to the place
        AssertTaken(before.Kept[0], settings.WithEpochs(epochs + 1, 0)); // nothing depends on the number of epochs before the first step
        AssertTaken(before.Kept[0], extended);
    }

    [Test]
    public void Stopped_in_the_midst_of_an_evaluation_it_goes_on_with_that()
    {
        RunSettings settings = Given.Settings($"{Line} linear_probe");
        Outcome whole = Train(settings, null, null);
        using var cancellation = new CancellationTokenSource();
        var states = new EveryEpoch();
        using (var trainer = new Trainer(Registry.Default, settings, s_data, CPU) { Observers = { new Evaluated { Cancel = cancellation.Cancel } } })
        {
            Assert.That(() => trainer.Run(cancellation.Token, states), Throws.InstanceOf<OperationCanceledException>());
        }
        TrainingState state = states.Kept[^1];
        Assert.That((state.Position.Epochs.Count, state.Position.StepsDone), Is.EqualTo((1, 2L * StepsPerEpoch)), "all steps of the second epoch are done, but it is not over");
        Outcome resumed = Train(settings, state, null);
        Assert.Multiple(() =>
        {
            Assert.That(resumed.Epochs, Is.EqualTo(whole.Epochs));
            Assert.That(resumed.Weights, Is.EqualTo(whole.Weights));
        });
    }

    [Test]
    public void Time_goes_on_from_where_it_was()
    {
        TrainingState state = MidEpoch(s_settings);
        state = state with { Position = state.Position with { Elapsed = TimeSpan.FromHours(3), Training = TimeSpan.FromHours(2) } };
        using var trainer = new Trainer(Registry.Default, s_settings, s_data, CPU);
        trainer.Restore(state);
        RunResult result = trainer.Run(CancellationToken.None);
        Assert.Multiple(() =>
        {
            Assert.That(result.Seconds, Is.InRange(3 * 3600, 4 * 3600));
            Assert.That(result.ImagesPerSecond, Finite.GreaterThan(0) & Finite.AtMost(1.001 * (2 * StepsPerEpoch * BatchSize) / 7200.0));
        });
    }

    [Test]
    public void A_state_of_other_settings_is_refused_by_the_first_that_differs() => AssertRefused(
        MidEpoch(s_settings), Given.Settings($"{Line} kappa=5 weight_decay=0"), s_data, "kappa 10, not 5");

    [Test]
    public void A_state_has_the_settings_as_the_run_s_config_has_them()
    {
        RunSettings settings = Given.Settings($"{Line} estimator=plugin precision=bfloat16 optimizer=sgd");
        using var folder = new TemporaryDirectory();
        StateFile.Write(folder["state"], MidEpoch(settings));
        string kept = StateFile.Read(folder["state"]).Settings;
        Assert.That(kept, Is.EqualTo(Registry.Default.Document.Write(settings)));
        Assert.That(kept, Does.Contain("\"plugin\"").And.Contain("\"bfloat16\"").And.Contain("\"sgd\""));
    }

    [TestCase("not JSON", "another program")]
    [TestCase("{ \"batch_size\": 0 }", "batch_size is 0")]
    public void A_state_of_settings_that_are_none_is_refused(string settings, string says) =>
        AssertRefused(MidEpoch(s_settings) with { Settings = settings }, s_settings, s_data, says);

    [Test]
    public void A_run_may_go_on_elsewhere() =>
        Assert.That(Train(Given.Settings($"{Line} data=elsewhere threads=1") with { Version = "next" }, MidEpoch(s_settings), null).Epochs, Has.Count.EqualTo(2));

    [Test]
    public void A_state_of_other_images_is_refused()
    {
        byte[] pixels = [.. s_data.Test.Pixels];
        pixels[^1] ^= 1;
        AssertRefused(
            MidEpoch(s_settings),
            s_settings,
            s_data with { Test = new ImageSet(pixels, s_data.Test.Labels, s_data.Test.ClassNames, s_data.Test.Size) },
            "not the images that the run began with");
    }

    [TestCase(-1)]
    [TestCase(4)]
    [TestCase(long.MaxValue)]
    public void A_state_of_impossible_steps_is_refused(long steps)
    {
        TrainingState state = MidEpoch(s_settings);
        AssertRefused(state with { Position = state.Position with { StepsDone = steps } }, s_settings, s_data, "no place in this run");
    }

    [Test]
    public void A_state_of_other_tensors_is_refused()
    {
        TrainingState state = MidEpoch(s_settings);
        var fewer = new Dictionary<string, SafeTensor>(state.Optimizer);
        string lost = fewer.Keys.First();
        fewer.Remove(lost);
        AssertRefused(state with { Optimizer = fewer }, s_settings, s_data, lost);
    }

    [Test]
    public void No_state_is_kept_of_weights_that_are_no_numbers_and_the_step_is_named()
    {
        // The first step's loss is sound; the weights that it leaves are not.
        var states = new EveryStep();
        RunSettings settings = Given.Settings($"{Line} optimizer=sgd learning_rate=1e38 warmup_epochs=0");
        Assert.That(() => Train(settings, null, states), Throws.TypeOf<TrainingFailedException>().With.Message.Contains("step 1 of epoch 1"));
        Assert.That(states.Kept.Single().Position.StepsDone, Is.Zero);
    }

    /// <summary>Where the pixels are decides nothing: a run whose images stay in a file comes to the same numbers, also if it goes on from a state of a run with its images in memory.</summary>
    [TestCase("method=simclr")]
    [TestCase("method=deepcluster objective=native")]
    public void Images_that_are_read_batch_by_batch_give_the_same_metrics_and_weights(string line)
    {
        RunSettings settings = Given.Settings($"{Line} {line}", prototypes: 6);
        var states = new EveryStep();
        Outcome whole = Train(settings, null, states), read = Train(settings, s_read, null, null), resumed = Train(settings, s_read, states.Kept[2], null);
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Train(settings, s_read, null, null);
        Assert.Multiple(() =>
        {
            Assert.That(whole.Result.KnnAccuracy, Is.Not.Null);
            foreach (Outcome other in (Outcome[])[read, resumed])
            {
                Assert.That(other.Epochs, Is.EqualTo(whole.Epochs));
                Assert.That(other.Result, Is.EqualTo(whole.Result));
                Assert.That(other.Weights, Is.EqualTo(whole.Weights));
            }
            Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive));
        });
    }

    [Test]
    public void Keeping_states_leaves_no_tensor_alive()
    {
        TrainingState state = MidEpoch(s_settings);
        Train(s_settings, state, new EveryStep());
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Train(s_settings, state, new EveryStep());
        Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive));
    }

    private static ImageSet OnDemand(ImageSet images) =>
        new(new PixelsOnDemand(images.Count, images.ImageBytes, (index, pixels) => images.Source.Read(index, pixels)), images.Labels, images.ClassNames, images.Size);

    private static TrainingState MidEpoch(RunSettings settings)
    {
        using var cancellation = new CancellationTokenSource();
        var states = new EveryStep { AfterSteps = cancellation.Cancel };
        Assert.That(() => Train(settings, null, states, cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        return states.Kept[^1];
    }

    private static Outcome Train(RunSettings settings, TrainingState? from, IStateKeeper? keeper, CancellationToken cancellation = default) => Train(settings, s_data, from, keeper, cancellation);

    private static Outcome Train(RunSettings settings, ImageData data, TrainingState? from, IStateKeeper? keeper, CancellationToken cancellation = default)
    {
        var recorder = new Recorder();
        using var trainer = new Trainer(Registry.Default, settings, data, CPU) { Observers = { recorder } };
        if (from is not null)
        {
            trainer.Restore(from);
        }
        RunResult result = trainer.Run(cancellation, keeper);
        using var scope = NewDisposeScope();
        return new Outcome(
            result with { Seconds = 0, ImagesPerSecond = 0, ClassAccuracy = null },
            [.. result.ClassAccuracy ?? new Dictionary<string, double>()],
            [.. recorder.Epochs.Select(epoch => epoch with { ImagesPerSecond = 0 })],
            [.. NamedTensors.ToSafeTensors(trainer.Method.state_dict()).Select(entry => Digest.Of(entry.Value.Data))]);
    }

    /// <summary>A result without times, its accuracies class by class beside it, so that all are compared by value; metrics; digests of the weights.</summary>
    private sealed record Outcome(RunResult Result, KeyValuePair<string, double>[] Classes, List<EpochMetrics> Epochs, string[] Weights);
}
