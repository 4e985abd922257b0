using Tensorboard;

namespace ErLoss.Training.Runs;

/// <summary>Writes a run's metrics for TensorBoard; steps are epochs.</summary>
/// <param name="path">The folder. Events of an earlier part of the run stay as they are, with their times, but for epochs that the run does not have any more.</param>
internal sealed class TensorBoardLog(string path) : ITrainingObserver
{
    private const string Loss = "train/loss"; // stands for an epoch: each has one, and it is written last

    private string? _file;

    /// <inheritdoc/>
    public void OnStart(double? knnAccuracyBefore, IReadOnlyList<EpochMetrics> epochsDone, int stepsDone)
    {
        Directory.CreateDirectory(path);
        HashSet<long> written = [];
        foreach (string file in TensorBoardFile.In(path))
        {
            IReadOnlyList<Event> sound = TensorBoardFile.Trim(file, entry => entry.Step <= epochsDone.Count);
            HashSet<long> whole = [.. sound.Where(entry => entry.Step == 0 || entry.Summary?.Value.Any(value => value.Tag == Loss) == true).Select(entry => entry.Step)];
            IReadOnlyList<Event> kept = TensorBoardFile.Trim(file, entry => whole.Contains(entry.Step)); // an epoch that was cut short is written again
            if (kept.Count == 0)
            {
                File.Delete(file); // not even its beginning is sound
                continue;
            }
            written.UnionWith(kept.Where(entry => entry.Summary is not null).Select(entry => entry.Step)); // the first event of a file is of step 0, too
            _file = file;
        }
        _file ??= TensorBoardFile.Create(path, DateTimeOffset.UtcNow);
        if (!written.Contains(0))
        {
            Append(0, [("evaluation/knn_accuracy", knnAccuracyBefore)]);
        }
        foreach (EpochMetrics epoch in epochsDone.Where(epoch => !written.Contains(epoch.Epoch)))
        {
            Append(epoch);
        }
    }

    /// <inheritdoc/>
    public void OnProgress(TrainingProgress progress)
    {
    }

    /// <inheritdoc/>
    public void OnEpoch(EpochMetrics metrics, TimeSpan timeLeft) => Append(metrics);

    private void Append(EpochMetrics metrics) => Append(
        metrics.Epoch,
        [
            ("train/entropy", metrics.Entropy),
            ("train/reconstruction", metrics.Reconstruction),
            ("train/mutual_information_bound", metrics.MutualInformationBound),
            ("train/learning_rate", metrics.LearningRate),
            ("train/images_per_second", metrics.ImagesPerSecond),
            ("evaluation/effective_rank", metrics.EffectiveRank),
            ("evaluation/mean_cosine", metrics.MeanCosine),
            ("evaluation/perplexity", metrics.Perplexity),
            ("evaluation/knn_accuracy", metrics.KnnAccuracy),
            ("evaluation/view_retrieval", metrics.ViewRetrieval),
            (Loss, metrics.Loss),
        ]);

    private void Append(int epoch, (string Tag, double? Value)[] values)
    {
        double now = TensorBoardFile.Seconds(DateTimeOffset.UtcNow);
        TensorBoardFile.Append(
            _file!,
            from scalar in values
            where scalar.Value is not null
            let value = new Summary.Types.Value { Tag = scalar.Tag, SimpleValue = (float)(scalar.Value ?? double.NaN) }
            select new Event { Step = epoch, WallTime = now, Summary = new Summary { Value = { value } } });
    }
}
