using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.Training.Runs;

/// <summary>Writes a run's metrics for TensorBoard; steps are epochs.</summary>
/// <param name="path">The folder. Event files of an earlier part of the run go: all its epochs are written anew, so that none stands there twice.</param>
internal sealed class TensorBoardLog(string path) : ITrainingObserver
{
    private const string EventFiles = "events.out.tfevents.*"; // TensorBoard's own name for them

    private SummaryWriter? _writer;

    /// <inheritdoc/>
    public void OnStart(double knnAccuracyBefore, IReadOnlyList<EpochMetrics> epochsDone, int stepsDone)
    {
        Directory.CreateDirectory(path);
        foreach (string file in Directory.GetFiles(path, EventFiles))
        {
            File.Delete(file);
        }
        _writer = utils.tensorboard.SummaryWriter(path);
        Write("evaluation/knn_accuracy", knnAccuracyBefore, epoch: 0);
        foreach (EpochMetrics epoch in epochsDone)
        {
            Write(epoch);
        }
    }

    /// <inheritdoc/>
    public void OnProgress(TrainingProgress progress)
    {
    }

    /// <inheritdoc/>
    public void OnEpoch(EpochMetrics metrics, TimeSpan timeLeft) => Write(metrics);

    private void Write(EpochMetrics metrics)
    {
        Write("train/loss", metrics.Loss, metrics.Epoch);
        Write("train/entropy", metrics.Entropy, metrics.Epoch);
        Write("train/reconstruction", metrics.Reconstruction, metrics.Epoch);
        Write("train/mutual_information_bound", metrics.MutualInformationBound, metrics.Epoch);
        Write("train/learning_rate", metrics.LearningRate, metrics.Epoch);
        Write("train/images_per_second", metrics.ImagesPerSecond, metrics.Epoch);
        Write("evaluation/effective_rank", metrics.EffectiveRank, metrics.Epoch);
        Write("evaluation/mean_cosine", metrics.MeanCosine, metrics.Epoch);
        Write("evaluation/perplexity", metrics.Perplexity, metrics.Epoch);
        Write("evaluation/knn_accuracy", metrics.KnnAccuracy, metrics.Epoch);
    }

    private void Write(string tag, double? value, int epoch)
    {
        if (value is { } number)
        {
            _writer!.add_scalar(tag, (float)number, epoch, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        }
    }
}
