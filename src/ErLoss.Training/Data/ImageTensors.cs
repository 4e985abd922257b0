using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Training.Data;

/// <summary>
/// An image set as tensors on the training device: pixels as bytes, a quarter of what floats would take. Where they do not fit on the device, or are in a file, they stay where they are, and come to
/// the device in parts; the values are the same.
/// </summary>
internal sealed class ImageTensors : IDisposable
{
    private readonly PixelSource _source;
    private readonly Tensor? _pixels;
    private readonly long[]? _labelled; // indices of the images with labels; null if these come before all others

    /// <summary>Copies the set to the device if it fits there.</summary>
    /// <param name="images">The set.</param>
    /// <param name="device">Where tensors are wanted.</param>
    /// <param name="isResident">Whether all pixels are to be on the device; as <see cref="DevicePlacement"/> has it if null.</param>
    /// <exception cref="DataException">The pixels cannot be read.</exception>
    public ImageTensors(ImageSet images, Device device, bool? isResident = null)
    {
        using var scope = NewDisposeScope();
        (_source, Device, Size, ClassCount) = (images.Source, device, images.Size, images.ClassNames.Count);
        if (isResident ?? DevicePlacement.FitsOn(device, images.Source))
        {
            _pixels = AllOf(images.Source).DetachFromDisposeScope();
        }
        Labels = tensor(images.Labels, dtype: ScalarType.Int64, device: device).DetachFromDisposeScope();
        LabelledCount = images.LabelledCount;
        if (images.Labels.AsSpan(0, LabelledCount).Contains(ImageSet.NoLabel))
        {
            _labelled = [.. images.Labels.Index().Where(image => image.Item != ImageSet.NoLabel).Select(image => (long)image.Index)];
        }
    }

    /// <summary>Where the tensors are.</summary>
    public Device Device { get; }

    /// <summary>Height and width of an image.</summary>
    public int Size { get; }

    /// <summary>Whether all pixels are on the device.</summary>
    public bool IsResident => _pixels is not null;

    /// <summary>(n), int64, with <see cref="ImageSet.NoLabel"/> for an image without one; may be empty if no image has a label.</summary>
    public Tensor Labels { get; }

    /// <summary>Whether the class of one image at least is known.</summary>
    public bool HasLabels => LabelledCount > 0;

    /// <summary>Number of images whose class is known.</summary>
    public int LabelledCount { get; }

    /// <summary>Number of classes; 0 without labels.</summary>
    public int ClassCount { get; }

    /// <summary>Indices of the images whose class is known, (l), int64, in order; in the caller's dispose scope.</summary>
    public Tensor LabelledIndices() => _labelled is null ? arange(LabelledCount, device: Device) : tensor(_labelled, device: Device);

    /// <summary>Number of images.</summary>
    public long Count => _source.Count;

    /// <summary>Consecutive images.</summary>
    /// <param name="first">Index of the first.</param>
    /// <param name="count">How many; few enough for the device.</param>
    /// <returns>(count, 3, size, size), uint8, in the caller's dispose scope.</returns>
    /// <exception cref="DataException">The pixels cannot be read.</exception>
    public Tensor Range(long first, long count) => _pixels is not null
        ? _pixels.narrow(0, first, count)
        : Gathered(Indices(first, count));

    /// <summary>Some images in any order.</summary>
    /// <param name="indices">(count), int64, on the device.</param>
    /// <returns>(count, 3, size, size), uint8, in the caller's dispose scope.</returns>
    /// <exception cref="DataException">The pixels cannot be read.</exception>
    public Tensor Select(Tensor indices)
    {
        if (_pixels is not null)
        {
            return _pixels.index_select(0, indices);
        }
        using Tensor onHost = indices.cpu();
        return Gathered(onHost.data<long>().ToArray());
    }

    /// <summary>The batches of an order.</summary>
    /// <param name="order">Indices of the images.</param>
    /// <param name="batchSize">How many of them make a batch.</param>
    public ImageBatches Batches(long[] order, int batchSize) => new(this, order, batchSize);

    /// <summary>Features of all images, as <see cref="Features.Compute(Encoder, Tensor, IProgress{double}?, CancellationToken)"/> gives them.</summary>
    /// <param name="encoder">Run in evaluation mode; left in the mode it was in.</param>
    /// <param name="progress">Receives the share that is done, from 0 to 1.</param>
    /// <param name="group">Ranks that share the work, each with the same images and encoder: each computes a part, and all get the whole. If any of them is cancelled, all are. Null if one process does it all.</param>
    /// <param name="cancellation">Checked between batches.</param>
    /// <exception cref="DataException">The pixels cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Tensor FeaturesOf(Encoder encoder, IProgress<double>? progress = null, ProcessGroup? group = null, CancellationToken cancellation = default) =>
        FeaturesOfFirst(Count, encoder, progress, group, cancellation);

    /// <summary>As <see cref="FeaturesOf"/>, of the first images only.</summary>
    public Tensor FeaturesOfFirst(long count, Encoder encoder, IProgress<double>? progress = null, ProcessGroup? group = null, CancellationToken cancellation = default) =>
        FeaturesAt(null, count, encoder, new ImagePreprocessing(), progress, group, cancellation);

    /// <summary>As <see cref="FeaturesOf"/>, of the images whose class is known, in their order, with their labels.</summary>
    /// <returns>(l, d) and (l), int64, in the caller's dispose scope.</returns>
    public (Tensor Features, Tensor Labels) LabelledFeaturesOf(
        Encoder encoder, ImagePreprocessing preprocessing, IProgress<double>? progress = null, ProcessGroup? group = null, CancellationToken cancellation = default)
    {
        using Tensor indices = LabelledIndices();
        return (FeaturesAt(_labelled, LabelledCount, encoder, preprocessing, progress, group, cancellation), Labels.index_select(0, indices));
    }

    /// <summary>Begins to read batches, which are not on the device.</summary>
    internal BatchReader Read(long[] order, int batchSize, int first) => new(_source, Size, order, batchSize, Device, first);

    /// <inheritdoc/>
    public void Dispose()
    {
        _pixels?.Dispose();
        Labels.Dispose();
    }

    /// <summary>Features of the images with some indices, or of the first ones if there are none.</summary>
    private Tensor FeaturesAt(
        long[]? indices, long count, Encoder encoder, ImagePreprocessing preprocessing, IProgress<double>? progress, ProcessGroup? group, CancellationToken cancellation)
    {
        var share = Share.Of(count, group);
        if (group is null)
        {
            return FeaturesAt(indices, share, encoder, preprocessing, progress, cancellation);
        }
        using Tensor own = RankCancellation.Together(
            group,
            () => share.Count == 0 ? empty(0, encoder.FeatureDimension, device: Device) : FeaturesAt(indices, share, encoder, preprocessing, progress, cancellation),
            cancellation);
        return group.AllGather(own);
    }

    /// <summary>Those of a part of them; these are not copied where they are on the device.</summary>
    private Tensor FeaturesAt(long[]? indices, Share share, Encoder encoder, ImagePreprocessing preprocessing, IProgress<double>? progress, CancellationToken cancellation)
    {
        (int start, int count) = ((int)share.Start, (int)share.Count);
        if (_pixels is not null)
        {
            using Tensor? places = indices is null ? null : tensor(indices.AsSpan(start, count).ToArray(), device: Device);
            using Tensor some = places is null ? _pixels.narrow(0, start, count) : _pixels.index_select(0, places);
            return Features.Compute(encoder, some, preprocessing, progress, cancellation);
        }
        using BatchReader reader = Read(indices?.AsSpan(start, count).ToArray() ?? Indices(start, count), Features.BatchSize(Device.type), first: 0);
        return Features.Compute(encoder, count, Device.type, (_, _) => reader.Next(), preprocessing, progress, cancellation);
    }

    private static long[] Indices(long first, long count) => [.. Enumerable.Range((int)first, (int)count).Select(index => (long)index)];

    private Tensor Gathered(long[] indices)
    {
        Tensor pixels = empty(indices.Length, ImageSet.Channels, Size, Size, dtype: ScalarType.Byte, device: CPU);
        _source.Gather(indices, pixels.bytes);
        return Device.type == DeviceType.CPU ? pixels : pixels.to(Device, disposeAfter: true);
    }

    private Tensor AllOf(PixelSource source)
    {
        if (source is PixelArray array)
        {
            return tensor(array.Bytes, device: Device).view(-1, ImageSet.Channels, Size, Size);
        }
        Tensor all = empty(source.Count, ImageSet.Channels, Size, Size, dtype: ScalarType.Byte, device: Device);
        for (int first = 0; first < source.Count; first += source.ImagesAtOnce)
        {
            using var scope = NewDisposeScope();
            int count = Math.Min(source.ImagesAtOnce, source.Count - first);
            all.narrow(0, first, count).copy_(Gathered(Indices(first, count)));
        }
        return all;
    }
}
