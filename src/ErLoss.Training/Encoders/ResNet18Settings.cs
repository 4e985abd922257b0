using ErLoss.SelfSupervised.Encoders;

namespace ErLoss.Training.Encoders;

/// <summary>Of <see cref="ResNet18"/>.</summary>
internal sealed record ResNet18Settings : EncoderSettings;
