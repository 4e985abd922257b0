using System.Globalization;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Studies;

/// <summary>
/// What a study trains. For each method and objective there is a reference, which has the first value of every axis. The other variants differ from it in one thing, as in
/// the paper's Table 2, or are all combinations. A variant has no value of an axis that means nothing for its method, loss or other kinds.
/// </summary>
internal sealed class StudyPlan
{
    private const string EmaSchedule = "ema_schedule", FixedSchedule = "fixed";

    private readonly SharedCellSettings _common;
    private readonly Dictionary<AxisValue, SettingsException> _misfits = [];

    /// <summary>Makes a plan.</summary>
    /// <param name="settings">What was asked for; among the axes are method, objective, batch size and seed.</param>
    /// <param name="common">What the cells have in common.</param>
    /// <exception cref="SettingsException">A value of an axis, or a shared setting, is in no cell, since none can have it.</exception>
    public StudyPlan(StudySettings settings, SharedCellSettings common)
    {
        Settings = settings;
        _common = common;
        IReadOnlyList<StudyVariant> variants = Combine();
        foreach (AxisValue value in settings.Axes.Where(axis => axis.Word != StudyAxis.Seed).SelectMany(Values).Except(variants.SelectMany(variant => variant.Values)))
        {
            throw _misfits.GetValueOrDefault(value) ?? new SettingsException(value.Word, value.Word, $"is {value.Value} in no cell unless all combinations are trained");
        }
        Rows = [.. from variant in variants group variant by (variant.Method, variant.Objective) into row select row.ToArray()];
        Cells =
        [
            .. from seed in settings.ValuesOf(StudyAxis.Seed)
               from variant in variants
               select new StudyCell(variant, Document(variant, new AxisValue(StudyAxis.Seed, seed))),
        ];
        common.CheckUse();
    }

    /// <summary>What was asked for.</summary>
    public StudySettings Settings { get; }

    /// <summary>The kinds there are.</summary>
    public Registry Registry => _common.Registry;

    /// <summary>For each method with an objective its variants, the reference first.</summary>
    public IReadOnlyList<IReadOnlyList<StudyVariant>> Rows { get; }

    /// <summary>All cells, in the order they are trained: one seed after the other, so that an early look has whole tables.</summary>
    public IReadOnlyList<StudyCell> Cells { get; }

    /// <summary>The largest number of epochs of a cell.</summary>
    public int MostEpochs => Cells.Max(cell => cell.Settings.Epochs);

    /// <summary>How many seeds each variant is trained with.</summary>
    public int Seeds => Settings.ValuesOf(StudyAxis.Seed).Count;

    /// <summary>What a variant is compared with.</summary>
    public StudyVariant Reference(StudyVariant variant) => Rows.First(row => row.Contains(variant))[0];

    private IEnumerable<AxisValue> Values(StudyAxis axis) => axis.Values.Select(value => AxisValue.Of(Registry.Document, axis.Word, value));

    /// <summary>The variants: methods and objectives first, then the kinds that other settings depend on; of the other axes the first varies fastest.</summary>
    private IReadOnlyList<StudyVariant> Combine()
    {
        IReadOnlyList<StudyAxis> axes = [.. Settings.Axes.Where(axis => axis.Word != StudyAxis.Seed)];
        IEnumerable<StudyAxis> columns = axes.Where(axis => axis.IsColumn);
        IEnumerable<Combination> combinations = [new([], 0)];
        foreach (StudyAxis axis in (IEnumerable<StudyAxis>)[.. axes.Where(axis => !axis.IsColumn), .. columns.Where(IsKind), .. columns.Where(axis => !IsKind(axis)).Reverse()])
        {
            combinations = [.. combinations.SelectMany(combination => With(combination, axis))];
        }
        string[] order = [.. axes.Select(axis => axis.Word)];
        return [.. from combination in combinations select new StudyVariant([.. combination.Values.OrderBy(value => Array.IndexOf(order, value.Word))])];

        bool IsKind(StudyAxis axis) => Registry.Document.Settings.Any(setting => setting.IsKind && setting.Word == axis.Word);
    }

    /// <summary>A combination with each value of one more axis that it can have; as it is if it can have none.</summary>
    private IEnumerable<Combination> With(Combination combination, StudyAxis axis)
    {
        var fitting = new List<AxisValue>();
        foreach (AxisValue value in Values(axis))
        {
            if (_common.Misfit([.. combination.Values, value]) is { } misfit)
            {
                _misfits.TryAdd(value, misfit);
            }
            else
            {
                fitting.Add(value);
            }
        }
        return fitting.Count == 0
            ? [combination]
            : from value in fitting.Index()
              let changes = combination.Changes + (axis.IsColumn && value.Index > 0 ? 1 : 0)
              where Settings.FullGrid || changes <= 1
              select new Combination([.. combination.Values, value.Item], changes);
    }

    private RunSettings Document(StudyVariant variant, AxisValue seed)
    {
        bool keepsEma = variant[StudyAxis.Ema] is not null && variant[EmaSchedule] is null && !_common.Says(EmaSchedule);
        RunSettings settings = _common.Cell([.. variant.Values, seed, .. keepsEma ? [new AxisValue(EmaSchedule, FixedSchedule)] : (AxisValue[])[]]);
        double share = (double)settings.BatchSize / Settings.ValuesOf(StudyAxis.BatchSize).Max(size => int.Parse(size, CultureInfo.InvariantCulture));
        return settings with
        {
            Evaluations = Math.Max(1, settings.Epochs), // the figure shows the accuracy after every epoch
            Optimizer = settings.Optimizer with { LearningRate = settings.Optimizer.LearningRate * settings.Optimizer.LearningRateFactor(share) },
            Version = Settings.Version,
            Restarts = null, // of the run that a file of settings is from
            Used = new(),
        };
    }

    /// <summary>Values of the axes so far.</summary>
    /// <param name="Values">The values.</param>
    /// <param name="Changes">How many of them are not those of the reference.</param>
    private sealed record Combination(IReadOnlyList<AxisValue> Values, int Changes);
}
