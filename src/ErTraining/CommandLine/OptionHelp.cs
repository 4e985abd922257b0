namespace ErTraining.CommandLine;

/// <summary>What a command says of the option of a setting in place of what the setting says of itself, because it gives the setting another meaning or another default.</summary>
/// <param name="Meaning">What it means, as a sentence; null for what the setting says.</param>
/// <param name="Default">What is used where it is not given, or "" for none; null for what the setting says.</param>
internal sealed record OptionHelp(string? Meaning = null, string? Default = null);
