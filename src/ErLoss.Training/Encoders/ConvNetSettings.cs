using ErLoss.SelfSupervised.Encoders;

namespace ErLoss.Training.Encoders;

/// <summary>Of <see cref="ConvNet"/>.</summary>
internal sealed record ConvNetSettings : EncoderSettings;
