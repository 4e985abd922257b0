using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using ErLoss.Training.Runs;
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
    private readonly int? _images;
    private readonly Dictionary<AxisValue, SettingsException> _misfits = [];

    /// <summary>Makes a plan.</summary>
    /// <param name="settings">What was asked for; among the axes are method, objective, batch size and seed.</param>
    /// <param name="common">What the cells have in common.</param>
    /// <param name="images">How many training images there are, which decides the epochs that make a number of steps; null while it is not known.</param>
    /// <exception cref="SettingsException">A value of an axis, an arm, or a shared setting is in no cell, since none can have it; an arm sets what an axis varies; or two cells would be the same run.</exception>
    public StudyPlan(StudySettings settings, SharedCellSettings common, int? images = null)
    {
        Settings = settings;
        _common = common;
        _images = images;
        CheckArms(settings);
        IReadOnlyList<StudyVariant> variants = Combine();
        foreach (AxisValue value in settings.Axes.Where(axis => axis.Word != StudyAxis.Seed).SelectMany(Values).Except(variants.SelectMany(variant => variant.Values)))
        {
            throw value.Arm is { } arm ? StudyArm.Error(arm.Name, $"goes with none of the methods: {_misfits[value].Message}")
                : _misfits.GetValueOrDefault(value) ?? new SettingsException(value.Word, value.Word, $"is {value.Value} in no cell unless all combinations are trained");
        }
        Rows = [.. from variant in variants group variant by (variant.Method, variant.Objective, variant.Arm) into row select row.ToArray()];
        Cells =
        [
            .. from seed in settings.ValuesOf(StudyAxis.Seed)
               from variant in variants
               select new StudyCell(variant, Document(variant, new AxisValue(StudyAxis.Seed, seed))),
        ];
        CheckDifference([.. Cells.Where(cell => cell.Seed == Cells[0].Seed)]);
        common.CheckUse();
    }

    /// <summary>What was asked for.</summary>
    public StudySettings Settings { get; }

    /// <summary>The kinds there are.</summary>
    public Registry Registry => _common.Registry;

    /// <summary>For each method with an objective or an arm its variants, the reference first.</summary>
    public IReadOnlyList<IReadOnlyList<StudyVariant>> Rows { get; }

    /// <summary>All cells, in the order they are trained: one seed after the other, so that an early look has whole tables.</summary>
    public IReadOnlyList<StudyCell> Cells { get; }

    /// <summary>The largest number of epochs of a cell.</summary>
    public int MostEpochs => Cells.Max(cell => cell.Settings.Epochs);

    /// <summary>How many seeds each variant is trained with.</summary>
    public int Seeds => Settings.ValuesOf(StudyAxis.Seed).Count;

    /// <summary>The same text for the same study on the same images, whatever computes it.</summary>
    /// <param name="fingerprint">Of the images; null if they are made anew for each seed.</param>
    public string Fingerprint(string? fingerprint) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes((Settings, fingerprint).ToTuple(), JsonFormat.Line)));

    /// <summary>What a variant is compared with.</summary>
    public StudyVariant Reference(StudyVariant variant) => Rows.First(row => row.Contains(variant))[0];

    private IEnumerable<AxisValue> Values(StudyAxis axis) =>
    [
        .. axis.Values.Select(value => AxisValue.Of(Registry.Document, axis.Word, value)),
        .. axis.Word == StudyAxis.Objective ? Settings.Arms.Select(arm => new AxisValue(axis.Word, arm.Name, Arm: arm)) : [],
    ];

    private static void CheckArms(StudySettings settings)
    {
        foreach (StudyArm arm in settings.Arms)
        {
            if (settings.Arms.Count(other => string.Equals(other.Name, arm.Name, StringComparison.OrdinalIgnoreCase)) > 1)
            {
                throw StudyArm.Error(arm.Name, "is there twice; give one of them another name");
            }
            if (arm.Words().FirstOrDefault(setting => setting.Word != StudyAxis.Objective && settings.Axes.Any(axis => axis.Word == setting.Word)).Word is { } word)
            {
                throw StudyArm.Error(arm.Name, $"sets {word}, which the study varies; leave one of them out");
            }
        }
    }

    /// <summary>Refuses cells of the same settings: these would be one folder, in which two processes could train at once.</summary>
    private void CheckDifference(StudyCell[] cells)
    {
        foreach ((int index, StudyCell cell) in cells.Index())
        {
            if (cells.Take(index).FirstOrDefault(other => other.Variant.Method == cell.Variant.Method && Registry.Document.Difference(other.Settings, cell.Settings) is null) is not { } twin)
            {
                continue;
            }
            throw cell.Variant.Arm is { } arm && arm != twin.Variant.Arm
                ? StudyArm.Error(arm, $"has the settings of {twin.Variant.Name}; leave the arm out, or give it other settings")
                : new SettingsException("the study", "study", $"would train {twin.Variant.Name} and {cell.Variant.Name} with the same settings; leave out one of the values that tell them apart");
        }
    }

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
        int largest = Settings.ValuesOf(StudyAxis.BatchSize).Max(size => int.Parse(size, CultureInfo.InvariantCulture));
        if (Settings.Budget == StudyBudget.Steps && _images is { } images && images >= settings.BatchSize)
        {
            double share = (double)(images / largest) / (images / settings.BatchSize); // of an epoch, which has the steps of one at the largest batch size
            int epochs = (int)Math.Max(Math.Min(1, settings.Epochs), Math.Round(share * settings.Epochs));
            settings = settings with { Epochs = epochs, WarmupEpochs = settings.WarmupEpochs * epochs / Math.Max(1, settings.Epochs) };
        }
        double factor = Settings.LearningRateRule == LearningRateRule.Held ? 1 : settings.Optimizer.LearningRateFactor((double)settings.BatchSize / largest);
        return settings with
        {
            Evaluations = Math.Max(1, settings.Epochs), // the figure shows the accuracy after every epoch
            Optimizer = settings.Optimizer with { LearningRate = settings.Optimizer.LearningRate * factor },
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
