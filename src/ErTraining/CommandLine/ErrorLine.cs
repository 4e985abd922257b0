using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Compute;

namespace ErTraining.CommandLine;

/// <summary>What an error is to the user: a line and an exit code.</summary>
/// <param name="Text">The line, without the word "error".</param>
/// <param name="ExitCode">See <see cref="ErLoss.Training.ExitCode"/>.</param>
internal sealed record ErrorLine(string Text, int ExitCode)
{
    /// <summary>The line of an exception; null of one that is a fault of the program's own, or no error.</summary>
    public static ErrorLine? Of(Exception exception) =>
        OutOfMemory.Starved(exception) is { } starved ? new ErrorLine(OneLine.Format(starved), ErLoss.Training.ExitCode.Failure)
        : exception is UsageException or DataException ? new ErrorLine(OneLine.Format(exception.Message), ErLoss.Training.ExitCode.BadInput)
        : exception is TrainingFailedException or WrongFeaturesException or InsufficientMemoryException or IOException or UnauthorizedAccessException
            ? new ErrorLine(OneLine.Format(exception.Message), ErLoss.Training.ExitCode.Failure)
        : null;
}
