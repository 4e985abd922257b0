namespace ErLoss.Training.Data;

/// <summary>Pixels that are made when they are asked for, each time anew: for images that are quickly read, such as those that a file holds uncompressed.</summary>
/// <param name="count">Number of images.</param>
/// <param name="imageBytes">Bytes of an image.</param>
/// <param name="reader">Reads an image.</param>
internal sealed class PixelsOnDemand(int count, int imageBytes, PixelReader reader) : PixelSource(count, imageBytes)
{
    /// <inheritdoc/>
    public override PixelSource Take(int wanted) => new PixelsOnDemand(wanted, ImageBytes, reader);

    /// <inheritdoc/>
    protected override void Copy(int first, Span<byte> pixels)
    {
        for (int i = 0; i < pixels.Length / ImageBytes; i++)
        {
            reader(first + i, pixels.Slice(i * ImageBytes, ImageBytes));
        }
    }
}
