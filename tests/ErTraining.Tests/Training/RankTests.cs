using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Checkpoints;
using ErLoss.Training.Data;
using ErLoss.Training.Distributed;
using ErLoss.Training.Settings;
using static TorchSharp.torch;

namespace ErTraining.Tests.Training;

/// <summary>Whole runs of several ranks: what they come to, and how they stop and go on together.</summary>
internal sealed class RankTests : TensorTests
{
    private const int StepsPerEpoch = 3;

    /// <summary>Sums of float32 in another order, multiplied by six steps.</summary>
    private const double Tolerance = 2e-3;

    private static readonly Lock s_generator = new();

    private static readonly ImageData s_data = SyntheticImages.Create(24, 10, seed: 0);

    private static readonly RunSettings s_settings = Given.Settings("encoder_width=8 epochs=2 batch_size=8 hidden_dimension=16 projection_dimension=8 evaluations=2 queue=20 linear_probe");

    [Test]
    public void Ranks_come_to_what_one_process_does_also_if_the_run_goes_on_with_another_number_of_them()
    {
        Outcome alone = Train(null);
        var states = new Keeper { KeepsAll = true };
        IReadOnlyList<Outcome> three = LocalProcessGroup.Run(3, group => Train(group, keeper: group.Rank == 0 ? states : null));
        // From the midst of the second epoch. Rank 0 alone has read the state.
        TrainingState state = states.Kept[StepsPerEpoch + 3];
        Assert.That((state.Position.Epochs.Count, state.Position.StepsDone), Is.EqualTo((1, 5L)));
        IReadOnlyList<Outcome> two = LocalProcessGroup.Run(2, group => Train(group, StateBroadcast.From(group, group.Rank == 0 ? state : state.WithoutTensors())));
        IReadOnlyList<Outcome> again = LocalProcessGroup.Run(3, group => Train(group, StateBroadcast.From(group, group.Rank == 0 ? state : null)));
        Outcome one = Train(null, state);
        Assert.Multiple(() =>
        {
            foreach (Outcome other in (Outcome[])[.. three, .. two, one])
            {
                Assert.That(other.Metrics, Finite.Near(alone.Metrics, Tolerance));
                Assert.That(other.Result.KnnAccuracyBefore, Is.EqualTo(alone.Result.KnnAccuracyBefore));
            }
            Assert.That(three.Concat(again).Select(rank => rank.Weights), Is.All.EqualTo(three[0].Weights), "all ranks have the same, and those of a run that goes on");
            Assert.That(three.Concat(again).Select(rank => rank.Metrics), Is.All.EqualTo(three[0].Metrics));
            Assert.That(two[1].Weights, Is.EqualTo(two[0].Weights));
            foreach (Outcome first in (Outcome[])[alone, three[0], one])
            {
                Assert.That((double?[])[first.Result.LinearProbeAccuracyBefore, first.Result.LinearProbeAccuracy], Has.All.InRange(0.0, 1.0));
            }
            Assert.That(three.Skip(1).Select(rank => (rank.Result.LinearProbeAccuracyBefore, rank.Result.LinearProbeAccuracy)), Is.All.EqualTo((null as double?, null as double?)), "rank 0 alone trains the probe");
            Assert.That(new[] { alone, three[0], two[1], one }.Select(run => run.Result.Used!.Ranks), Is.EqualTo((int?[])[null, 3, 2, null]));
        });
    }

    [TestCase(2, Description = "between two steps")]
    [TestCase(0, Description = "in the first evaluation")]
    public void A_rank_that_is_cancelled_stops_all_at_the_same_step(int steps)
    {
        var states = new Keeper();
        using var cancellation = new CancellationTokenSource();
        IReadOnlyList<int> ends = LocalProcessGroup.Run(2, group =>
        {
            // The keeper of rank 1 is asked before each step, and the next one ends with the wish to stop; its observer is told of evaluations.
            IStateKeeper keeper = group.Rank == 0 ? states : new Keeper { BeforeStep = step => Cancel(step == steps - 1) };
            var observer = new Evaluating { OnEvaluating = () => Cancel(group.Rank == 1 && steps == 0) };
            OperationCanceledException? error = Assert.Throws<OperationCanceledException>(() => Train(group, null, keeper, observer, group.Rank == 1 ? cancellation.Token : default));
            return error is null ? 0 : 1;
        });
        Assert.That(ends, Is.EqualTo([1, 1]));
        Assert.That(states.Kept.Select(state => (int)state.Position.StepsDone), steps == 0 ? Is.Empty : Is.EqualTo([0, steps]), "rank 0 has kept the state, which it was not asked for by anybody else");

        void Cancel(bool now)
        {
            if (now)
            {
                cancellation.Cancel();
            }
        }
    }

    [Test]
    public void Ranks_that_differ_are_refused_by_an_error_that_names_them()
    {
        string[] settings = Errors(group => RankSettings.RequireSame(group, Registry.Default.Document, s_settings with { Seed = group.Rank == 2 ? 7 : 0, Data = s_settings.Data with { Source = $"{group.Rank}" } }, "1.0", word => $"--{word}"));
        string[] versions = Errors(group => RankSettings.RequireSame(group, Registry.Default.Document, s_settings, group.Rank == 1 ? "1.1" : "1.0", word => word));
        string[] minority = Errors(group => RankComparison.Require(group, group.Rank == 0 ? "a" : "b", (odd, others) => new DataException($"{odd}, {others}")));
        string[] weights = Errors(group =>
        {
            using Trainer trainer = Create(group);
            if (group.Rank == 1)
            {
                using var frozen = no_grad();
                trainer.Method.parameters().First().view(-1)[0] += 1e-6f;
            }
            trainer.Run(CancellationToken.None);
        });
        string[] fewImages = Errors(group => new Trainer(Registry.Default, s_settings with { BatchSize = 2 }, s_data, CPU, group).Dispose());
        Assert.Multiple(() =>
        {
            Assert.That(settings, Is.All.EqualTo("rank 2: --seed is 7 there, and 0 on rank 0; start all ranks with the same settings."));
            Assert.That(versions, Is.All.EqualTo("rank 1: version 1.1 of the program runs there, and version 1.0 on ranks 0 and 2; install the same one everywhere."));
            Assert.That(minority, Is.All.EqualTo("(rank 0, a), (ranks 1 and 2, b)"));
            Assert.That(weights, Is.All.EqualTo("The weights of rank 1 differ from those of ranks 0 and 2 before the first step; give all ranks the same file of weights."));
            Assert.That(fewImages, Is.All.Contains("batch_size is 2, but there are 3 ranks"));
        });
    }

    [Test]
    public void What_ranks_tell_each_other_arrives()
    {
        byte[] bytes = [0, 255, 7];
        IReadOnlyList<object?[]> ranks = LocalProcessGroup.Run<object?[]>(3, group =>
        [
            .. group.GatherTexts(group.Rank == 1 ? "" : $"ü{group.Rank}"), .. group.GatherNumbers(10 * group.Rank).Select(number => (object)number), group.Any(group.Rank == 2), group.Any(false),
            string.Join(',', group.BroadcastBytes(group.Rank == 0 ? bytes : null)!), group.BroadcastText(group.Rank == 0 ? "" : null), group.BroadcastText(group.Rank == 0 ? null : "x"),
            RankSettings.OfRankZero(group, Registry.Default.Document, group.Rank == 0 ? s_settings : null)?.BatchSize,
        ]);
        Assert.That(ranks, Is.All.EqualTo(new object?[] { "ü0", "", "ü2", 0L, 10L, 20L, true, false, "0,255,7", "", null, 8 }));
    }

    [Test]
    public void Ranks_know_who_is_on_their_machine_and_who_shares_their_processors()
    {
        (string, string)[] places = [("a", "0-7"), ("b", "0-3"), ("a", "0-7"), ("b", "4-7"), ("a", "0-7")];
        Assert.That(
            places.Select((_, rank) => MachineRanks.Of(rank, places)),
            Is.EqualTo([new MachineRanks(0, 3, 3, 2), new(0, 2, 1, 2), new(1, 3, 3, 2), new(1, 2, 1, 2), new(2, 3, 3, 2)]));
        Assert.That(LocalProcessGroup.Run(2, MachineRanks.Of), Is.EqualTo([new MachineRanks(0, 2, 2, 1), new(1, 2, 2, 1)]));
    }

    /// <summary>What each of three ranks throws.</summary>
    private static string[] Errors(Action<ProcessGroup> work) => [.. LocalProcessGroup.Run(3, group =>
    {
        try
        {
            work(group);
            return "nothing";
        }
        catch (Exception e) when (e is DataException or TrainingFailedException or SettingsException)
        {
            return e.Message;
        }
    })];

    private static Trainer Create(ProcessGroup? group)
    {
        Trainer trainer;
        lock (s_generator) // one for all threads
        {
            trainer = new Trainer(Registry.Default, s_settings, s_data, CPU, group);
        }
        group?.Barrier(); // runs draw from it, too
        return trainer;
    }

    private static Outcome Train(ProcessGroup? group, TrainingState? from = null, IStateKeeper? keeper = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        using Trainer trainer = Create(group);
        if (observer is not null)
        {
            trainer.Observers.Add(observer);
        }
        if (from is not null)
        {
            trainer.Restore(from);
        }
        RunResult result = trainer.Run(cancellation, keeper);
        using var scope = NewDisposeScope();
        double[] metrics = [.. trainer.Epochs.SelectMany(epoch => (double?[])[epoch.Loss, epoch.Entropy, epoch.Reconstruction, epoch.EffectiveRank, epoch.MeanCosine]).Select(value => value!.Value)];
        return new Outcome(result, metrics, WeightChecksum.Of(trainer.Method));
    }

    private sealed record Outcome(RunResult Result, double[] Metrics, string Weights);

    private sealed class Keeper : IStateKeeper
    {
        private int _steps;

        public List<TrainingState> Kept { get; } = [];

        /// <summary>Whether each step's state is to be kept.</summary>
        public bool KeepsAll { get; init; }

        /// <summary>Told of each step, from 1.</summary>
        public Action<int>? BeforeStep { get; init; }

        public bool IsDue
        {
            get
            {
                BeforeStep?.Invoke(++_steps);
                return KeepsAll;
            }
        }

        public void Save(TrainingState state) => Kept.Add(state);
    }

    private sealed class Evaluating : ITrainingObserver
    {
        public required Action OnEvaluating { get; init; }

        public void OnStart(double? knnAccuracyBefore, IReadOnlyList<EpochMetrics> epochsDone, int stepsDone)
        {
        }

        public void OnProgress(TrainingProgress progress)
        {
        }

        void ITrainingObserver.OnEvaluating(double done) => OnEvaluating();

        public void OnEpoch(EpochMetrics metrics, TimeSpan timeLeft)
        {
        }
    }
}
