namespace ErLoss.Training.Settings;

/// <summary>A setting that two documents have differently.</summary>
/// <param name="Path">Where it stands.</param>
/// <param name="Word">The word that sets it.</param>
/// <param name="First">Its value in the first; "none" if it has none.</param>
/// <param name="Second">Its value in the second.</param>
internal sealed record SettingsDifference(string Path, string Word, string First, string Second);
