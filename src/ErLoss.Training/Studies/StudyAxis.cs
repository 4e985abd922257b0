using ErLoss.Training.Settings;

namespace ErLoss.Training.Studies;

/// <summary>
/// A setting that a study varies, with its values. Methods and objectives make the rows of a study's table and seeds repeat all of it; every other axis makes columns, and
/// its first value is that of the reference.
/// </summary>
/// <param name="Word">The word of the setting: "kappa".</param>
/// <param name="Values">Its values as words, none twice.</param>
internal sealed record StudyAxis(string Word, IReadOnlyList<string> Values)
{
    /// <summary>Words of the settings that mean something of their own to a study.</summary>
    public const string Method = "method", Objective = "objective", BatchSize = "batch_size", Ema = "ema", Centering = "centering", Seed = "seed";

    /// <summary>Whether its values make columns of the table.</summary>
    public bool IsColumn => Word is not (Method or Objective or Seed);

    /// <summary>An axis whose setting and values the document lets through. Batch sizes are put in order, the largest first, as that one is the reference.</summary>
    /// <param name="document">The door.</param>
    /// <param name="name">The word of the setting, or its path.</param>
    /// <param name="values">Its values as words.</param>
    /// <exception cref="SettingsException">There is no such setting, nothing depends on it, or it cannot have one of the values.</exception>
    public static StudyAxis Checked(Document<RunSettings> document, string name, IReadOnlyList<string> values)
    {
        Setting setting = document.Settings.FirstOrDefault(setting => setting.Word == name || setting.Path == name) ?? document.Find(new RunSettings(), name);
        if (!setting.Attribute.IsOption)
        {
            throw setting.Error("is filled in by the program, so that a study cannot vary it");
        }
        if (!setting.Attribute.DecidesResult)
        {
            throw setting.Error("does not decide the result of a run, so that there is nothing to compare");
        }
        string[] words = [.. values.Select(value => setting.Type.Format(setting.Parse(value)))];
        if (words.GroupBy(word => word).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw setting.Error($"has {twice.Key} twice; each value can stand there once");
        }
        if (setting.Attribute.IsPath && words.GroupBy(Path.GetFileName).FirstOrDefault(same => same.Count() > 1) is { } twins)
        {
            throw setting.Error($"has {string.Join(" and ", twins)}, which have one file name, and a cell knows a file by its name; give one of them another name");
        }
        return new StudyAxis(setting.Word, setting.Word == BatchSize ? [.. words.OrderByDescending(int.Parse)] : words);
    }
}

/// <summary>A value of an axis.</summary>
/// <param name="Word">The word of the setting.</param>
/// <param name="Value">Its value as a word.</param>
/// <param name="IsPath">Whether the value is a path; tables and folders then have its last name alone.</param>
/// <param name="Arm">The arm that the value is the name of, on the axis of objectives; null if the value is that of a setting.</param>
internal sealed record AxisValue(string Word, string Value, bool IsPath = false, StudyArm? Arm = null)
{
    /// <summary>The settings that it stands for, by their words.</summary>
    public IReadOnlyList<(string Word, string Value)> Words => Arm?.Words() ?? [(Word, Value)];

    /// <summary>A value of any setting.</summary>
    public static AxisValue Of(Document<RunSettings> document, string word, string value) =>
        new(word, value, document.Settings.Any(setting => setting.Word == word && setting.Attribute.IsPath));

    /// <summary>As tables and sentences say it: "batch 64", "EMA 0.8", "no centring", "weight decay 0.1".</summary>
    public string Label => Word switch
    {
        StudyAxis.BatchSize => $"batch {Value}",
        StudyAxis.Ema => $"EMA {Value}",
        StudyAxis.Centering => Value == "true" ? "centring" : "no centring",
        _ => $"{Word.Replace('_', ' ')} {Name}",
    };

    /// <summary>As names of folders have it: "b64", "ema0.8", "nocentering", "weight_decay0.1".</summary>
    public string ShortName => Word switch
    {
        StudyAxis.Method or StudyAxis.Objective => Value,
        StudyAxis.BatchSize => $"b{Value}",
        StudyAxis.Centering => Value == "true" ? "centering" : "nocentering",
        _ => $"{Word}{Uri.EscapeDataString(Name)}",
    };

    private string Name => IsPath ? Path.GetFileName(Value) : Value;
}
