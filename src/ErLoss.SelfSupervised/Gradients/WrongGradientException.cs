namespace ErLoss.SelfSupervised.Gradients;

/// <summary>A gradient is not that of its function. The message, one line, says of which input or parameter and which element.</summary>
public sealed class WrongGradientException(string message) : Exception(message);
