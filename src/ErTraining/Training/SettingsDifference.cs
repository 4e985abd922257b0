using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace ErTraining.Training;

/// <summary>A setting that two runs have differently.</summary>
/// <param name="Name">As config.json names it.</param>
/// <param name="First">Its value in the first; "none" if it has none.</param>
/// <param name="Second">Its value in the second.</param>
internal sealed record SettingsDifference(string Name, string First, string Second)
{
    /// <summary>What says where and by whom a run is computed, not what: a run may go on elsewhere. Its data are told by their fingerprint.</summary>
    private static readonly HashSet<string> s_elsewhere =
        [nameof(TrainingSettings.Version), nameof(TrainingSettings.Data), nameof(TrainingSettings.Device), nameof(TrainingSettings.Threads)];

    /// <summary>The first setting that matters to what a run comes to and that is not the same in both; null if all are.</summary>
    public static SettingsDifference? Between(TrainingSettings first, TrainingSettings second) =>
        (from member in typeof(TrainingSettings).GetProperties(BindingFlags.Public | BindingFlags.Instance)
         where !s_elsewhere.Contains(member.Name)
         let values = (First: member.GetValue(first), Second: member.GetValue(second))
         where !Equals(values.First, values.Second)
         select new SettingsDifference(JsonNamingPolicy.SnakeCaseLower.ConvertName(member.Name), Text(values.First), Text(values.Second)))
        .FirstOrDefault();

    private static string Text(object? value) => value switch
    {
        null => "none",
        Enum or bool => value.ToString()!.ToLowerInvariant(),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
