namespace ErLoss.Training;

/// <summary>Training cannot go on. The command line prints the message, one line, and exits with code 1.</summary>
internal sealed class TrainingFailedException(string message, Exception? cause = null) : Exception(message, cause);
