namespace ErLoss.SelfSupervised.IO;

/// <summary>Input data that cannot be used. The command line prints <see cref="Exception.Message"/> and exits with code 2.</summary>
/// <param name="message">What is wrong, in which file, and what would be right; line ends become spaces, so it is one line.</param>
/// <param name="innerException">The error of the operating system, if there was one.</param>
public sealed class DataException(string message, Exception? innerException = null)
    : Exception(OneLine.Format(message), innerException);
