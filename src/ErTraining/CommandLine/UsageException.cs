using ErLoss.Training.Settings;

namespace ErTraining.CommandLine;

/// <summary>A command line that cannot be carried out. The message, one line, is printed and the exit code is 2.</summary>
internal class UsageException(string message) : Exception(message)
{
    /// <summary>The error of a setting as one of the option that gave it.</summary>
    /// <param name="name">The name of the option, or whatever else the user knows the setting by.</param>
    /// <param name="error">The error.</param>
    public static UsageException Of(string name, SettingsException error) => new($"{name} {error.Problem.TrimEnd('.')}.");
}
