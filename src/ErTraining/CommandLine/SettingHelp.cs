using ErLoss.Training.Settings;

namespace ErTraining.CommandLine;

/// <summary>What help says of a setting besides its meaning: which kinds have it, and its default in each.</summary>
internal static class SettingHelp
{
    /// <summary>" With method byol, dino."; nothing of a setting that all kinds have.</summary>
    /// <param name="settings">All settings of a word.</param>
    /// <param name="all">All settings of the document.</param>
    public static string Owners(IReadOnlyList<Setting> settings, IReadOnlyList<Setting> all)
    {
        var conditions = new List<string>();
        foreach (IGrouping<string, string> owners in settings.Where(setting => setting.Owner is not null).GroupBy(setting => setting.Owner!.Value.Word, setting => setting.Owner!.Value.Name))
        {
            int kinds = all.Select(setting => setting.Owner).Where(owner => owner?.Word == owners.Key).Distinct().Count();
            if (owners.Distinct().Count() < kinds)
            {
                conditions.Add($"{owners.Key} {string.Join(", ", owners.Distinct())}");
            }
        }
        if (settings[0].Attribute.GoesWith is { } condition)
        {
            conditions.Add(condition);
        }
        return conditions.Count == 0 ? "" : $" With {string.Join(" and ", conditions)}.";
    }

    /// <summary>" [default: 0.95 for byol, 0.99 for dino]"; nothing of a flag.</summary>
    /// <param name="settings">All settings of a word.</param>
    public static string Default(IReadOnlyList<Setting> settings)
    {
        if (settings[0].Type is FlagType)
        {
            return "";
        }
        IGrouping<string?, Setting>[] defaults = [.. settings.GroupBy(Value)];
        return defaults switch
        {
            [{ Key: null }] => "",
            [var only] => Default(only.Key!),
            _ => $" [default: {string.Join(", ", defaults.Select(same => $"{same.Key ?? "none"} for {string.Join(", ", same.Select(setting => setting.Owner?.Name).Distinct())}"))}]",
        };
    }

    /// <summary>" [default: 0.95]"; nothing of an empty text.</summary>
    /// <param name="value">What is used where the option is not given.</param>
    public static string Default(string value) => value.Length == 0 ? "" : $" [default: {value}]";

    private static string? Value(Setting setting) => setting.Default is { } value ? setting.Type.Format(value) : setting.Attribute.WhenNull;
}
