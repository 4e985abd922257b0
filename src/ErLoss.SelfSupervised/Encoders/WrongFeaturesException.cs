namespace ErLoss.SelfSupervised.Encoders;

/// <summary>The machine computes an encoder's features wrongly. The command line prints the message, one line, and exits with code 1.</summary>
public sealed class WrongFeaturesException(string message) : Exception(message);
