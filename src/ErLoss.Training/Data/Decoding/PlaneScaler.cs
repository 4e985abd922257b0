namespace ErLoss.Training.Data;

/// <summary>Scales images of a set, as <see cref="ImageResizer"/> scales those of files. For one thread at a time.</summary>
/// <param name="from">Height and width of the images.</param>
/// <param name="to">Height and width that they are made.</param>
internal sealed class PlaneScaler(int from, int to)
{
    private const int PixelBytes = 4; // as ImageResizer reads them: red, green, blue and alpha

    private readonly ImageResizer _resizer = new(to, ImageColour.White);
    private readonly byte[] _image = new byte[PixelBytes * from * from];

    /// <summary>Scales an image.</summary>
    /// <param name="planes">(3, from, from), row-major.</param>
    /// <param name="scaled">(3, to, to), row-major; written.</param>
    public void Scale(ReadOnlySpan<byte> planes, Span<byte> scaled)
    {
        int plane = from * from;
        for (int pixel = 0; pixel < plane; pixel++)
        {
            for (int channel = 0; channel < ImageSet.Channels; channel++)
            {
                _image[(pixel * PixelBytes) + channel] = planes[(channel * plane) + pixel];
            }
        }
        _resizer.CropAndScale(_image, from, from, divisor: 1, isOpaque: true, ImageOrientation.OfExif(1), scaled);
    }
}
