namespace ErLoss.Training.Settings;

/// <summary>What messages call a setting where no option has been given for it.</summary>
internal static class SettingName
{
    /// <summary>The setting of a word, in the midst of a sentence.</summary>
    public static string Of(string word) => $"the setting {word}";
}
