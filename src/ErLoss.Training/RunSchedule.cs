using System.Globalization;
using ErLoss.Training.Optimization;
using ErLoss.Training.Settings;

namespace ErLoss.Training;

/// <summary>
/// How the learning rate and the other quantities that follow a schedule go over the steps of a run. A run that was extended has one schedule after the other: each starts
/// anew where the one before was left, and has the same share of warm-up as the first.
/// </summary>
internal sealed class RunSchedule
{
    private readonly int _stepsPerEpoch;
    private readonly IReadOnlyList<Stage> _stages;
    private readonly IReadOnlyList<ScheduleRestart> _restarts;

    /// <summary>The schedule of a run.</summary>
    /// <param name="settings">Those of the run.</param>
    /// <param name="stepsPerEpoch">Whole batches in an epoch.</param>
    /// <exception cref="SettingsException">The schedule is said to start anew at a step that this run does not come to.</exception>
    public RunSchedule(RunSettings settings, int stepsPerEpoch)
    {
        _stepsPerEpoch = stepsPerEpoch;
        IReadOnlyList<ScheduleRestart> restarts = _restarts = settings.Places;
        long[] starts = [0, .. restarts.Select(restart => restart.Step)];
        int[] epochs = [.. restarts.Select(restart => restart.Epochs), settings.Epochs];
        _stages = [.. starts.Zip(epochs, (start, planned) => new Stage(start, planned, epochs[0], settings, stepsPerEpoch))];
        if (restarts.Index().Any(restart => restart.Item.Step > _stages[restart.Index].Start + _stages[restart.Index].Steps) || (restarts.Count > 0 && _stages[^1].Steps <= 0))
        {
            throw new SettingsException("restarts", "restarts", $"is '{settings.Restarts}', which no run of {Quantity.Of(settings.Epochs, "epoch")} of {Quantity.Of(stepsPerEpoch, "step")} comes to");
        }
    }

    /// <summary>Epochs, or parts of one, over which the learning rate rises at the start of the last schedule.</summary>
    public double WarmupEpochs => _stages[^1].WarmupEpochs;

    /// <summary>Whether the optimizer, too, starts anew before a step, counted from zero.</summary>
    public bool HasNewOptimizerAt(long step) => _restarts.Any(restart => restart.Step == step && restart.HasNewOptimizer);

    /// <summary>The learning rate of a step, counted from zero.</summary>
    public double LearningRateAt(long step)
    {
        Stage stage = StageAt(step);
        return stage.Rate.At(step - stage.Start);
    }

    /// <summary>How much of its schedule is done after a step, counted from zero: above 0, and 1 at the end.</summary>
    public double ProgressAfter(long step)
    {
        Stage stage = StageAt(step);
        return (step - stage.Start + 1.0) / stage.Steps;
    }

    /// <summary>Whether one of evaluations that are evenly spread over the epochs then planned falls on the end of an epoch.</summary>
    /// <param name="epoch">Counted from one.</param>
    /// <param name="evaluations">How many there are in all; the last is after the last epoch.</param>
    public bool IsEvaluated(int epoch, int evaluations)
    {
        int planned = StageAt((long)epoch * _stepsPerEpoch - 1).Epochs;
        return epoch == planned || (long)epoch * evaluations / planned > (epoch - 1L) * evaluations / planned;
    }

    private Stage StageAt(long step) => _stages.Last(stage => stage.Start <= step);

    /// <summary>A schedule from where it started to the end that was then planned.</summary>
    /// <param name="start">Steps done before it.</param>
    /// <param name="epochs">Epochs of the whole run, as planned then.</param>
    /// <param name="firstEpochs">As planned at the beginning.</param>
    /// <param name="settings">Those of the run.</param>
    /// <param name="stepsPerEpoch">Whole batches in an epoch.</param>
    private sealed class Stage(long start, int epochs, int firstEpochs, RunSettings settings, int stepsPerEpoch)
    {
        public long Start => start;

        public int Epochs => epochs;

        public long Steps { get; } = (long)epochs * stepsPerEpoch - start;

        public WarmupCosine Rate => new(settings.Optimizer.LearningRate, Math.Min((long)(WarmupEpochs * stepsPerEpoch), Steps), Steps);

        public double WarmupEpochs => settings.WarmupEpochs is { } ofFirst
            ? start == 0 ? ofFirst : ofFirst * Steps / ((double)firstEpochs * stepsPerEpoch)
            : RunSettings.WarmupFraction * ((double)Steps / stepsPerEpoch);
    }
}

/// <summary>A place in a run where the number of its epochs was changed, so that its schedule started anew.</summary>
/// <param name="Step">Steps done before it.</param>
/// <param name="Epochs">How many epochs had been planned until then.</param>
/// <param name="HasNewOptimizer">Whether the optimizer started anew, too.</param>
internal sealed record ScheduleRestart(long Step, int Epochs, bool HasNewOptimizer)
{
    private const string NewOptimizer = "!";

    /// <summary>The places in a text such as "612:6 816:8!", the first one first; null if it is no such text. The mark stands for a new optimizer.</summary>
    public static IReadOnlyList<ScheduleRestart>? ParseAll(string? text)
    {
        var restarts = new List<ScheduleRestart>();
        foreach (string word in text?.Split(' ') ?? [])
        {
            if (word.Split(':') is not [var step, var epochs] || !TryParse(step, out long steps) || !TryParse(epochs.EndsWith(NewOptimizer, StringComparison.Ordinal) ? epochs[..^1] : epochs, out long planned)
                || planned > int.MaxValue || steps <= (restarts.Count == 0 ? 0 : restarts[^1].Step))
            {
                return null;
            }
            restarts.Add(new ScheduleRestart(steps, (int)planned, epochs.EndsWith(NewOptimizer, StringComparison.Ordinal)));
        }
        return restarts;

        static bool TryParse(string number, out long value) => long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>The text of places.</summary>
    public static string? Format(IEnumerable<ScheduleRestart> restarts) =>
        string.Join(' ', restarts.Select(restart => $"{restart.Step}:{restart.Epochs}{(restart.HasNewOptimizer ? NewOptimizer : "")}")) is { Length: > 0 } text ? text : null;
}
