namespace ErLoss.Training.Data;

/// <summary>Collects the pixels of images in memory.</summary>
/// <param name="images">How many at most.</param>
/// <param name="imageBytes">Bytes of an image.</param>
internal sealed class PixelArraySink(int images, int imageBytes) : IPixelSink
{
    private readonly byte[] _pixels = new byte[images * imageBytes];
    private int _count;

    /// <inheritdoc/>
    public int MostAtOnce => images;

    /// <summary>The images that were kept.</summary>
    public PixelArray Pixels => new(_count == images ? _pixels : _pixels[..(_count * imageBytes)], imageBytes);

    /// <inheritdoc/>
    public Memory<byte> Next(int count) => _pixels.AsMemory(_count * imageBytes, count * imageBytes);

    /// <inheritdoc/>
    public void Keep(int count) => _count += count;
}
