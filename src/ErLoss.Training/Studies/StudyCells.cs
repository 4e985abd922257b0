using ErLoss.Training.Methods;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Studies;

/// <summary>Makes the document of each cell: what the plan says of the cell, and the shared settings that mean something for its method and loss.</summary>
/// <param name="registry">The kinds there are.</param>
/// <param name="shared">Settings by their words.</param>
internal sealed class StudyCells(Registry registry, IReadOnlyList<(string Word, string Value)> shared)
{
    private const string EmaSchedule = "ema_schedule";

    private static readonly RunSettings s_defaults = new();

    private readonly Document<RunSettings> _document = registry.Document;

    /// <summary>The shared settings that decide what cells come to, as "word=value".</summary>
    public IReadOnlyList<string> Deciding =>
    [
        .. from setting in shared
           where _document.Settings.Any(of => of.Word == setting.Word && of.Attribute.DecidesResult)
           select $"{setting.Word}={setting.Value}",
    ];

    /// <summary>The shared settings that mean something whatever the method, in a document of the defaults.</summary>
    /// <exception cref="SettingsException">One is not sound.</exception>
    public RunSettings Common()
    {
        RunSettings kinds = _document.With(s_defaults, Kinds());
        HashSet<string> ofMethods = [.. _document.Settings.Where(setting => setting.Owner?.Word == "method").Select(setting => setting.Word)];
        return _document.With(kinds, shared.Where(setting => !ofMethods.Contains(setting.Word)));
    }

    /// <summary>All cells of a plan with their documents.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="threads">Of each cell; the runtime's choice if null.</param>
    /// <exception cref="SettingsException">A shared setting is not sound, or has a meaning for no cell.</exception>
    public CellJob[] Jobs(StudyPlan plan, int? threads)
    {
        IReadOnlyList<StudyCell> cells = plan.Cells;
        RunSettings[] bare = [.. cells.Select(cell => _document.With(s_defaults, [.. Kinds(), .. Own(plan, cell)]))];
        foreach ((string Word, string Value) setting in shared)
        {
            SettingsException?[] misfits = [.. bare.Select(cell => Misfit(cell, setting))];
            if (misfits.All(misfit => misfit is not null))
            {
                throw misfits[0]!;
            }
        }
        return
        [
            .. from cell in cells.Zip(bare)
               let settings = _document.With(cell.Second, shared.Where(setting => Misfit(cell.Second, setting) is null))
               select new CellJob(cell.First, settings with { Compute = settings.Compute with { Threads = threads } }),
        ];
    }

    private IEnumerable<(string Word, string Value)> Kinds() => shared.Where(setting => _document.Settings.Any(of => of.IsKind && of.Word == setting.Word));

    private IEnumerable<(string Word, string Value)> Own(StudyPlan plan, StudyCell cell)
    {
        StudyVariant variant = cell.Variant;
        return
        [
            ("method", variant.Method), ("objective", variant.Objective == Objective.Er ? "er" : "native"), ("batch_size", $"{variant.BatchSize}"),
            ("seed", $"{cell.Seed}"), ("learning_rate", $"{cell.LearningRate}"), ("epochs", $"{plan.Settings.Epochs}"), ("evaluations", $"{plan.Settings.Epochs}"),
            .. variant.Ema is { } ema ? [("ema", $"{ema}")] : (IEnumerable<(string, string)>)[],
            .. variant.Ema is null || shared.Any(setting => setting.Word == EmaSchedule) ? (IEnumerable<(string, string)>)[] : [(EmaSchedule, "fixed")],
            .. variant.Centering is { } centering ? [("centering", centering ? "true" : "false")] : (IEnumerable<(string, string)>)[],
        ];
    }

    /// <summary>Why a setting cannot be a cell's; null if it can.</summary>
    private SettingsException? Misfit(RunSettings cell, (string Word, string Value) setting)
    {
        try
        {
            _document.With(cell, [setting]);
            return null;
        }
        catch (SettingsException e)
        {
            return e;
        }
    }
}
