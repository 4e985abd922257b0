using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Data;
using static TorchSharp.torch;

namespace ErTraining.Tests.Training;

/// <content>What the tests keep and watch of a run, and whether it takes a state.</content>
internal sealed partial class ResumeTests
{
    private static void AssertRefused(TrainingState state, RunSettings settings, ImageData data, string says)
    {
        using var trainer = new Trainer(Registry.Default, settings, data, CPU);
        Assert.That(() => trainer.Restore(state), Throws.TypeOf<DataException>().With.Message.Contains(says));
    }

    private static void AssertTaken(TrainingState state, RunSettings settings)
    {
        using var trainer = new Trainer(Registry.Default, settings, s_data, CPU);
        Assert.That(() => trainer.Restore(state), Throws.Nothing);
    }

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

    private sealed class EveryEpoch : IStateKeeper
    {
        public List<TrainingState> Kept { get; } = [];

        public bool IsDue => false;

        public void Save(TrainingState state) => Kept.Add(state);
    }

    /// <summary>Cancels a run while the encoder is evaluated after the second epoch.</summary>
    private sealed class Evaluated : ITrainingObserver
    {
        private int _epochs;

        public required Action Cancel { get; init; }

        public void OnStart(double? knnAccuracyBefore, IReadOnlyList<EpochMetrics> epochsDone, int stepsDone)
        {
        }

        public void OnProgress(TrainingProgress progress)
        {
        }

        public void OnEvaluating(double done)
        {
            if (_epochs == 1)
            {
                Cancel();
            }
        }

        public void OnEpoch(EpochMetrics metrics, TimeSpan timeLeft) => _epochs++;
    }

    private sealed class Recorder : ITrainingObserver
    {
        public List<EpochMetrics> Epochs { get; } = [];

        public void OnStart(double? knnAccuracyBefore, IReadOnlyList<EpochMetrics> epochsDone, int stepsDone) => Epochs.AddRange(epochsDone);

        public void OnProgress(TrainingProgress progress)
        {
        }

        public void OnEpoch(EpochMetrics metrics, TimeSpan timeLeft) => Epochs.Add(metrics);
    }
}
