namespace ErLoss.Training.Data;

/// <summary>Reads an image of a place. Several threads may call it at once.</summary>
/// <param name="index">Which image, counted from zero.</param>
/// <param name="pixels">(3, size, size), row-major; written.</param>
internal delegate void PixelReader(int index, Span<byte> pixels);
