namespace ErTraining.Encoders;

/// <summary>Of <see cref="ConvNet"/>.</summary>
internal sealed record ConvNetSettings : EncoderSettings;
