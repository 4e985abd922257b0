namespace ErLoss.Training.Settings;

/// <summary>A value that no setting can have, or a setting that there is not. The message is one line, in which the setting is named by its path.</summary>
/// <param name="path">Where the setting stands in the document: "method.teacher.ema".</param>
/// <param name="word">The word that sets it: "ema".</param>
/// <param name="problem">What is wrong and what is wanted, following the setting's name.</param>
internal sealed class SettingsException(string path, string word, string problem) : Exception($"{path} {problem}")
{
    /// <summary>Where the setting stands in the document.</summary>
    public string Path => path;

    /// <summary>The word that sets it.</summary>
    public string Word => word;

    /// <summary>What is wrong and what is wanted, following the setting's name.</summary>
    public string Problem => problem;
}
