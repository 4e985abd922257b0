namespace ErTraining.CommandLine;

/// <summary>A command line that cannot be carried out. The message, one line, is printed and the exit code is 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
