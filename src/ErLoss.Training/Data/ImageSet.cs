namespace ErLoss.Training.Data;

/// <summary>Square colour images of one size, all, some or none of them with labels, in the layout of CIFAR's files. They are in memory or wherever a <see cref="PixelSource"/> has them. No array is to be written after construction.</summary>
internal sealed class ImageSet
{
    /// <summary>Colour planes of an image: red, green, blue.</summary>
    public const int Channels = 3;

    /// <summary>Height and width of an image where nothing says otherwise, in pixels.</summary>
    public const int DefaultSize = 32;

    /// <summary>The largest height and width.</summary>
    public const int LargestSize = 256;

    /// <summary>The smallest height and width.</summary>
    public const int LeastSize = 8;

    /// <summary>Stands in the place of the label of an image that has none.</summary>
    public const int NoLabel = -1;

    /// <summary>Bytes of an image of a height and width: <see cref="Channels"/> × size × size.</summary>
    public static int BytesAt(int size) => Channels * size * size;

    /// <summary>The most images of a height and width that a set in memory can hold: their pixels share one array.</summary>
    public static int MaxCountAt(int size) => Array.MaxLength / BytesAt(size);

    /// <summary>Wraps the arrays, without a copy.</summary>
    /// <param name="pixels">(count, 3, size, size), row-major.</param>
    /// <param name="labels">(count), each an index into <paramref name="classNames"/>, or <see cref="NoLabel"/>.</param>
    /// <param name="classNames">A name for each class.</param>
    /// <param name="size">Height and width of an image, at least 1.</param>
    /// <exception cref="ArgumentException">The lengths disagree, or a label has no name.</exception>
    public ImageSet(byte[] pixels, int[] labels, IReadOnlyList<string> classNames, int size = DefaultSize)
        : this(
            pixels.LongLength == (long)labels.Length * BytesAt(size)
                ? new PixelArray(pixels, BytesAt(size))
                : throw new ArgumentException($"{pixels.Length} pixel bytes for {labels.Length} labels; {BytesAt(size)} bytes a label are wanted.", nameof(pixels)),
            labels,
            classNames,
            size)
    {
    }

    /// <summary>Images that are wherever a source has them.</summary>
    /// <param name="source">The pixels, of images of the given size.</param>
    /// <param name="labels">A label for each image, as above; empty if there are none.</param>
    /// <param name="classNames">A name for each class; empty if there are no labels.</param>
    /// <param name="size">Height and width of an image, at least 1.</param>
    /// <exception cref="ArgumentException">The source has other images, or a label has no name.</exception>
    public ImageSet(PixelSource source, int[] labels, IReadOnlyList<string> classNames, int size)
    {
        Size = size;
        if (source.ImageBytes != ImageBytes || (classNames.Count > 0 && labels.Length != source.Count))
        {
            throw new ArgumentException($"{source.Count} images of {source.ImageBytes} bytes and {labels.Length} labels; {ImageBytes} bytes an image and a label for each are wanted.", nameof(source));
        }

        var stray = labels.AsSpan().IndexOfAnyExceptInRange(NoLabel, classNames.Count - 1);
        if (stray >= 0)
        {
            throw new ArgumentException(
                $"Label {labels[stray]} of image {stray} is not in 0..{classNames.Count - 1}, nor {NoLabel}, which means none.", nameof(labels));
        }

        Source = source;
        Labels = labels;
        LabelledCount = labels.Length - labels.AsSpan().Count(NoLabel);
        ClassNames = classNames;
    }

    /// <summary>Wraps the pixels of images without labels, without a copy.</summary>
    /// <param name="pixels">(count, 3, size, size), row-major.</param>
    /// <param name="size">Height and width of an image, at least 1.</param>
    /// <exception cref="ArgumentException">The length is not that of whole images.</exception>
    public ImageSet(byte[] pixels, int size = DefaultSize)
    {
        Size = size;
        if (pixels.Length % ImageBytes != 0)
        {
            throw new ArgumentException($"{pixels.Length} pixel bytes are no whole images of {ImageBytes}.", nameof(pixels));
        }
        Source = new PixelArray(pixels, ImageBytes);
        Labels = [];
        ClassNames = [];
    }

    /// <summary>Height and width of an image, in pixels.</summary>
    public int Size { get; }

    /// <summary>Bytes of an image.</summary>
    public int ImageBytes => BytesAt(Size);

    /// <summary>Where the pixels are.</summary>
    public PixelSource Source { get; }

    /// <summary>Pixel bytes of a set in memory, (count, 3, size, size), row-major: an image's red plane, then green, then blue.</summary>
    /// <exception cref="InvalidOperationException">The set is not in memory; <see cref="Source"/> reads it in parts.</exception>
    public byte[] Pixels => Source is PixelArray array ? array.Bytes : throw new InvalidOperationException("The images are not in memory.");

    /// <summary>Whether the class of one image at least is known.</summary>
    public bool HasLabels => LabelledCount > 0;

    /// <summary>Number of images whose class is known.</summary>
    public int LabelledCount { get; }

    /// <summary>Class of each image, (count), in 0..<see cref="ClassNames"/>.Count − 1, or <see cref="NoLabel"/>; may be empty if no image has one.</summary>
    public int[] Labels { get; }

    /// <summary>Name of the class of an image; empty if it has no label.</summary>
    public string ClassOf(int index) => HasLabels && Labels[index] is not NoLabel and var label ? ClassNames[label] : "";

    /// <summary>Names of the classes, by label; may be empty if no image has one.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Number of images.</summary>
    public int Count => Source.Count;

    /// <summary>The first <paramref name="count"/> images, copied; the set itself if that is all of them.</summary>
    /// <param name="count">From 0 to <see cref="Count"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative or more than there are.</exception>
    public ImageSet Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        return count == Count ? this : new ImageSet(Source.Take(count), Labels.Length > 0 ? Labels[..count] : Labels, ClassNames, Size);
    }

    /// <summary>The images at another height and width, each new pixel the mean of the area that it covers; the set itself if that is its size.</summary>
    /// <param name="size">The new height and width.</param>
    /// <exception cref="ArgumentOutOfRangeException">More images in memory than <see cref="MaxCountAt"/>.</exception>
    public ImageSet Scale(int size)
    {
        if (size == Size)
        {
            return this;
        }
        if (Source is not PixelArray)
        {
            return new ImageSet(ScaledWhenRead(size), Labels, ClassNames, size);
        }
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Count, MaxCountAt(size));
        byte[] scaled = new byte[Count * BytesAt(size)];
        Parallel.For(0, Count, () => new PlaneScaler(Size, size), (i, _, scaler) =>
        {
            scaler.Scale(Pixels.AsSpan(i * ImageBytes, ImageBytes), scaled.AsSpan(i * BytesAt(size), BytesAt(size)));
            return scaler;
        }, _ => { });
        return new ImageSet(new PixelArray(scaled, BytesAt(size)), Labels, ClassNames, size);
    }

    /// <summary>The pixels at another size, each image scaled when it is read.</summary>
    private PixelsOnDemand ScaledWhenRead(int size)
    {
        var tools = new ThreadLocal<(PlaneScaler Scaler, byte[] Image)>(() => (new PlaneScaler(Size, size), new byte[ImageBytes]));
        return new PixelsOnDemand(Count, BytesAt(size), (index, pixels) =>
        {
            (PlaneScaler scaler, byte[] image) = tools.Value;
            Source.Read(index, image);
            scaler.Scale(image, pixels);
        });
    }
}
