namespace ErLoss.Training.Data;

/// <summary>32×32 colour images in memory, with labels or without, in the layout of CIFAR's files. Neither array is to be written after construction.</summary>
internal sealed class ImageSet
{
    /// <summary>Colour planes of an image: red, green, blue.</summary>
    public const int Channels = 3;

    /// <summary>Height and width of an image, in pixels.</summary>
    public const int Size = 32;

    /// <summary>Bytes of an image: <see cref="Channels"/> × <see cref="Size"/> × <see cref="Size"/>.</summary>
    public const int ImageBytes = Channels * Size * Size;

    /// <summary>The most images one set can hold: their pixels share one array.</summary>
    public static int MaxCount => Array.MaxLength / ImageBytes;

    /// <summary>Wraps the arrays, without a copy.</summary>
    /// <param name="pixels">(count, 3, 32, 32), row-major.</param>
    /// <param name="labels">(count), each an index into <paramref name="classNames"/>.</param>
    /// <param name="classNames">A name for each class.</param>
    /// <exception cref="ArgumentException">The lengths disagree, or a label has no name.</exception>
    public ImageSet(byte[] pixels, int[] labels, IReadOnlyList<string> classNames)
    {
        if (pixels.LongLength != (long)labels.Length * ImageBytes)
        {
            throw new ArgumentException(
                $"{pixels.Length} pixel bytes for {labels.Length} labels; {ImageBytes} bytes a label are wanted.", nameof(pixels));
        }

        var stray = labels.AsSpan().IndexOfAnyExceptInRange(0, classNames.Count - 1);
        if (stray >= 0)
        {
            throw new ArgumentException(
                $"Label {labels[stray]} of image {stray} is not in 0..{classNames.Count - 1}.", nameof(labels));
        }

        Pixels = pixels;
        Labels = labels;
        ClassNames = classNames;
    }

    /// <summary>Wraps the pixels of images without labels, without a copy.</summary>
    /// <param name="pixels">(count, 3, 32, 32), row-major.</param>
    /// <exception cref="ArgumentException">The length is not that of whole images.</exception>
    public ImageSet(byte[] pixels)
    {
        if (pixels.Length % ImageBytes != 0)
        {
            throw new ArgumentException($"{pixels.Length} pixel bytes are no whole images of {ImageBytes}.", nameof(pixels));
        }
        Pixels = pixels;
        Labels = [];
        ClassNames = [];
    }

    /// <summary>Pixel bytes, (count, 3, 32, 32), row-major: an image's red plane, then green, then blue.</summary>
    public byte[] Pixels { get; }

    /// <summary>Whether the classes of the images are known.</summary>
    public bool HasLabels => ClassNames.Count > 0;

    /// <summary>Class of each image, (count), in 0..<see cref="ClassNames"/>.Count − 1; empty without labels.</summary>
    public int[] Labels { get; }

    /// <summary>Names of the classes, by label; empty without labels.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Number of images.</summary>
    public int Count => Pixels.Length / ImageBytes;

    /// <summary>The first <paramref name="count"/> images, copied; the set itself if that is all of them.</summary>
    /// <param name="count">From 0 to <see cref="Count"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative or more than there are.</exception>
    public ImageSet Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        return count == Count ? this : HasLabels ? new ImageSet(Pixels[..(count * ImageBytes)], Labels[..count], ClassNames) : new ImageSet(Pixels[..(count * ImageBytes)]);
    }
}
