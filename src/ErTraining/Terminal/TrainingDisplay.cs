using ErLoss.Training;
using Spectre.Console;

namespace ErTraining.Terminal;

/// <summary>
/// Shows a run as it goes: a live table of the epochs with the one under way on a terminal, elsewhere a plain line an epoch, and one every ten seconds within an epoch.
/// </summary>
internal sealed class TrainingDisplay : ITrainingObserver, IDisposable
{
    private const int EpochsShown = 12;

    private readonly int _epochs;
    private readonly string _encoder, _before;
    private readonly List<EpochMetrics> _done = [];
    private readonly LiveArea? _live;
    private readonly Heartbeat? _lines;
    private volatile string _status;
    private string _phase;

    /// <summary>Takes over the terminal's last lines, if there is a terminal, until disposed.</summary>
    /// <param name="epochs">Of the whole run.</param>
    /// <param name="weights">File of the encoder's initial weights; null if it begins untrained.</param>
    public TrainingDisplay(int epochs, string? weights)
    {
        _epochs = epochs;
        _encoder = weights is null ? "the untrained encoder" : $"the encoder with the weights in {weights}";
        _status = _phase = _before = $"evaluating {_encoder}";
        _live = epochs > 0 ? LiveArea.Take(_status) : null;
        _lines = _live is null ? new Heartbeat(() => _status) : null;
    }

    /// <inheritdoc/>
    public void OnStart(double? knnAccuracyBefore, IReadOnlyList<EpochMetrics> epochsDone, int stepsDone)
    {
        _done.AddRange(epochsDone);
        string line = knnAccuracyBefore is { } accuracy ? $"kNN accuracy of {_encoder}: {accuracy:p1}" : $"training starts from {_encoder}";
        if (epochsDone.Count > 0 || stepsDone > 0)
        {
            line += $"; continuing after epoch {epochsDone.Count}, step {stepsDone} of the next";
        }
        _status = $"epoch {epochsDone.Count + 1}/{_epochs}";
        _phase = _status;
        _lines?.WriteLine(line);
        _live?.Show(new Text(line));
    }

    /// <inheritdoc/>
    public void OnProgress(TrainingProgress progress)
    {
        double done = (progress.Epoch - 1 + (double)progress.Step / progress.StepsPerEpoch) / _epochs;
        _live?.Show(new Rows(Table(progress.SoFar), Bar(done, progress.TimeLeft)));
        _phase = $"epoch {progress.Epoch}/{_epochs}";
        _status = $"{_phase}, step {progress.Step} of {progress.StepsPerEpoch}: loss {progress.SoFar.Loss:f3}, "
            + $"{progress.SoFar.ImagesPerSecond:f0} images/s, {ProgressLine.Clock(progress.TimeLeft)} left";
    }

    /// <inheritdoc/>
    public void OnEvaluating(double done)
    {
        bool isBefore = _phase == _before;
        _status = $"{_phase}{(isBefore ? "" : ": evaluating the encoder")}, {done:p0}";
        if (isBefore)
        {
            _live?.Show(new Text(_status));
        }
    }

    /// <inheritdoc/>
    public void OnEpoch(EpochMetrics metrics, TimeSpan timeLeft)
    {
        _done.Add(metrics);
        _status = _phase = $"epoch {metrics.Epoch + 1}/{_epochs}";
        if (_lines is not null)
        {
            string knn = metrics.KnnAccuracy is { } accuracy ? $", kNN {accuracy:p1}" : "";
            string retrieval = metrics.ViewRetrieval is { } share ? $", view retrieval {share:p1}" : "";
            _lines.WriteLine(
                $"epoch {metrics.Epoch}/{_epochs}: loss {metrics.Loss:f3}, entropy {metrics.Entropy:f2}, reconstruction {metrics.Reconstruction:f2}, " +
                $"bound {metrics.MutualInformationBound:f3} nats, {metrics.ImagesPerSecond:f0} images/s{knn}{retrieval}, {ProgressLine.Clock(timeLeft)} left");
        }
        else
        {
            _live!.Show(new Rows(Table(null), Bar((double)metrics.Epoch / _epochs, timeLeft)));
        }
    }

    /// <summary>Gives the terminal back; the last table stays on it.</summary>
    public void Dispose()
    {
        _live?.Dispose();
        _lines?.Dispose();
    }

    private Table Table(EpochMetrics? underWay) => EpochTable.Create(_done.TakeLast(EpochsShown), underWay, AnsiConsole.Profile.Width);

    private static Markup Bar(double done, TimeSpan timeLeft) => ProgressLine.Bar(done, timeLeft, "losses and entropies in nats", AnsiConsole.Profile.Width);
}
