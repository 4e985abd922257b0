using ErTraining.Data;
using ErTraining.Methods;
using ErTraining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Training;

/// <summary>A run that is taken up comes to the same weights and metrics as if it had never stopped, to the last bit.</summary>
internal sealed class ResumeTests
{
    private const int StepsPerEpoch = 3, BatchSize = 8;

    private static readonly ImageData s_data = SyntheticImages.Create(24, 10, seed: 0);

    private static readonly TrainingSettings s_settings = new()
    {
        Epochs = 2,
        BatchSize = BatchSize,
        HiddenDimension = 16,
        ProjectionDimension = 8,
        Evaluations = 2,
    };

    /// <summary>All methods in both forms; optimizers and precisions take turns.</summary>
    private static IEnumerable<TestCaseData> All =>
        from form in MethodCatalog.Names.SelectMany(method => Enum.GetValues<Objective>(), (method, objective) => (method, objective)).Index()
        let description = MethodCatalog.Describe(form.Item.method)
        let optimizer = (OptimizerKind)(form.Index % 3)
        let precision = (Precision)(form.Index / 3 % 2)
        select new TestCaseData(s_settings with
        {
            Method = form.Item.method,
            Objective = form.Item.objective,
            Optimizer = optimizer,
            Precision = precision,
            Prototypes = description.IsDiscrete ? 6 : null,
            LearnKappa = form.Item.objective == Objective.Er && description.LearnsKappa,
        }).SetArgDisplayNames(form.Item.method, $"{form.Item.objective}", $"{optimizer}", $"{precision}");

    [TestCaseSource(nameof(All))]
    public void Taken_up_anywhere_a_run_ends_as_if_it_had_never_stopped(TrainingSettings settings)
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
                Assert.That(resumed.Weights, Is.EqualTo(whole.Weights), $"weights, stopped at {stop}");
            });
        }
    }

    [Test]
    public void Stopped_and_taken_up_after_every_single_step_too()
    {
        TrainingSettings settings = s_settings with { Method = "byol" };
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

    [Test]
    public void Time_goes_on_from_where_it_was()
    {
        TrainingState state = MidEpoch(s_settings);
        state = state with { Position = state.Position with { Elapsed = TimeSpan.FromHours(3), Training = TimeSpan.FromHours(2) } };
        using var trainer = new Trainer(s_settings, s_data, CPU);
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
        MidEpoch(s_settings), s_settings with { Kappa = 5, WeightDecay = 0 }, s_data, "kappa 10, not 5");

    [Test]
    public void A_run_may_go_on_elsewhere() =>
        Assert.That(Train(s_settings with { Data = "elsewhere", Threads = 1, Version = "next" }, MidEpoch(s_settings), null).Epochs, Has.Count.EqualTo(2));

    [Test]
    public void A_state_of_other_images_is_refused()
    {
        byte[] pixels = [.. s_data.Test.Pixels];
        pixels[^1] ^= 1;
        AssertRefused(
            MidEpoch(s_settings),
            s_settings,
            s_data with { Test = new ImageSet(pixels, s_data.Test.Labels, s_data.Test.ClassNames) },
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
        TrainingSettings settings = s_settings with { Optimizer = OptimizerKind.Sgd, LearningRate = 1e38, WarmupEpochs = 0 };
        Assert.That(() => Train(settings, null, states), Throws.TypeOf<TrainingFailedException>().With.Message.Contains("step 1 of epoch 1"));
        Assert.That(states.Kept.Single().Position.StepsDone, Is.Zero);
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

    private static void AssertRefused(TrainingState state, TrainingSettings settings, ImageData data, string says)
    {
        using var trainer = new Trainer(settings, data, CPU);
        Assert.That(() => trainer.Restore(state), Throws.TypeOf<DataException>().With.Message.Contains(says));
    }

    private static TrainingState MidEpoch(TrainingSettings settings)
    {
        using var cancellation = new CancellationTokenSource();
        var states = new EveryStep { AfterSteps = cancellation.Cancel };
        Assert.That(() => Train(settings, null, states, cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        return states.Kept[^1];
    }

    private static Outcome Train(TrainingSettings settings, TrainingState? from, IStateKeeper? keeper, CancellationToken cancellation = default)
    {
        var recorder = new Recorder();
        using var trainer = new Trainer(settings, s_data, CPU) { Observers = { recorder } };
        if (from is not null)
        {
            trainer.Restore(from);
        }
        RunResult result = trainer.Run(cancellation, keeper);
        using var scope = NewDisposeScope();
        return new Outcome(
            result with { Seconds = 0, ImagesPerSecond = 0 },
            [.. recorder.Epochs.Select(epoch => epoch with { ImagesPerSecond = 0 })],
            [.. NamedTensors.ToSafeTensors(trainer.Method.state_dict()).Select(entry => Digest.Of(entry.Value.Data))]);
    }

    private sealed record Outcome(RunResult Result, List<EpochMetrics> Epochs, string[] Weights);

    private sealed class EveryStep : IStateKeeper
    {
        public List<TrainingState> Kept { get; } = [];

        public Action? AfterSteps { get; init; }

        public bool IsDue
        {
            get
            {
                AfterSteps?.Invoke();
                return true;
            }
        }

        public void Save(TrainingState state) => Kept.Add(state);
    }

    private sealed class Recorder : ITrainingObserver
    {
        public List<EpochMetrics> Epochs { get; } = [];

        public void OnStart(double knnAccuracyBefore, IReadOnlyList<EpochMetrics> epochsDone, int stepsDone) => Epochs.AddRange(epochsDone);

        public void OnProgress(TrainingProgress progress)
        {
        }

        public void OnEpoch(EpochMetrics metrics, TimeSpan timeLeft) => Epochs.Add(metrics);
    }
}
