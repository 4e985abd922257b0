using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>Loads the images of a folder: into memory, or into a file of decoded pixels from which they are then read.</summary>
/// <param name="folder">The images.</param>
/// <param name="decoding">How files become pixels.</param>
/// <param name="skipsUnreadable">Whether images that cannot be read are left out; they are an error otherwise.</param>
/// <param name="loading">Told of each image; ends the reading where that is cancelled.</param>
/// <param name="mostTrainImages">How many training images at most, the first that can be read.</param>
/// <param name="mostTestImages">How many test images at most, likewise.</param>
internal sealed class ImageFolderLoader(
    ImageFolder folder, ImageDecoding decoding, bool skipsUnreadable, LoadingProgress? loading, int mostTrainImages = int.MaxValue, int mostTestImages = int.MaxValue)
{
    private const double Gibibyte = 1L << 30, Mebibyte = 1L << 20;

    private readonly FolderDecoder _decoder = new(decoding, skipsUnreadable, loading);

    private int TrainImages => Math.Min(folder.Train.Count, mostTrainImages);

    private int TestImages => Math.Min(folder.Test.Count, mostTestImages);

    /// <summary>Bytes of the training and of the test images once they are decoded.</summary>
    public (long Train, long Test) Lengths => ((long)TrainImages * ImageSet.BytesAt(decoding.Size), (long)TestImages * ImageSet.BytesAt(decoding.Size));

    /// <summary>Decodes the images into memory.</summary>
    /// <exception cref="DataException">Images cannot be read and are not to be left out.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public ImageData Load()
    {
        loading?.Expect(TrainImages + (long)TestImages);
        var faults = new List<CacheFault>();
        PixelSource train = Decode(folder.Train, TrainImages, isTest: false), test = Decode(folder.Test, TestImages, isTest: true);
        RequireReadable(faults);
        return Data(train, test, faults);

        PixelArray Decode(IReadOnlyList<ImageEntry> images, int wanted, bool isTest)
        {
            var sink = new PixelArraySink(wanted, ImageSet.BytesAt(decoding.Size));
            faults.AddRange(_decoder.Decode(images, wanted, sink).Select(fault => new CacheFault(isTest, fault.Index, fault.Reason)));
            return sink.Pixels;
        }
    }

    /// <summary>Reads the images from a file of decoded pixels. If the file is not there, or does not hold these images, it is made first.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">Images cannot be read and are not to be left out, or the file cannot be written or read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public ImageData Load(string path)
    {
        CancellationToken cancellation = loading?.Cancellation ?? CancellationToken.None;
        string source = CacheSource.Fingerprint(folder, decoding, mostTrainImages, mostTestImages, cancellation);
        ImageCache? cache = Open(out string? fault);
        bool isNew = false;
        if (cache is null)
        {
            using IDisposable? turn = CacheTurn.Wait(path, cancellation);
            cache = Open(out string? _); // which another process may have made meanwhile
            if (cache is null)
            {
                isNew = true;
                Write(path, source);
                cache = ImageCache.TryOpen(path, source, out string? replaced)
                    ?? throw new DataException($"{path}: {(replaced is null ? "was deleted" : $"{replaced} by another process")} while it was in use; try again.");
            }
        }
        RequireReadable(cache.Faults);
        ImageData data = Data(cache.Train, cache.Test, cache.Faults);
        double bytes = data.Train.Source.Length + data.Test.Source.Length;
        string size = bytes < Gibibyte ? $"{bytes / Mebibyte:f1} MiB" : $"{bytes / Gibibyte:f2} GiB";
        return data with
        {
            KnownFingerprint = (data.Train, data.Test, cache.Fingerprint),
            CacheUse = !isNew ? $"The images are read from {path}, where they are decoded already ({size})."
                : $"{(fault is null ? "The images are now" : $"{path} {fault} and has been made anew. The images are")} decoded in {path} ({size}), from which later starts read them.",
        };

        ImageCache? Open(out string? fault)
        {
            ImageCache? opened = ImageCache.TryOpen(path, source, out fault);
            if (opened?.Faults.Any(IsMended) == true)
            {
                (opened, fault) = (null, "was made without images that can be read now");
            }
            return opened;
        }
    }

    private void Write(string path, string source)
    {
        loading?.Expect(TrainImages + (long)TestImages);
        using var writer = new ImageCacheWriter(path, decoding.Size, TrainImages + (long)TestImages);
        var faults = new List<CacheFault>();
        int train = Decode(folder.Train, TrainImages, isTest: false);
        Decode(folder.Test, TestImages, isTest: true);
        RequireReadable(faults);
        writer.Finish(train, source, faults, cache => Data(cache.Train, cache.Test, faults).Fingerprint(loading?.Cancellation ?? CancellationToken.None));

        int Decode(IReadOnlyList<ImageEntry> images, int wanted, bool isTest)
        {
            int before = writer.Count;
            faults.AddRange(_decoder.Decode(images, wanted, writer).Select(fault => new CacheFault(isTest, fault.Index, fault.Reason)));
            return writer.Count - before;
        }
    }

    /// <summary>Whether an image can be read that could not be when a cache was made. Permissions and faults of a disk or network change without the time of writing of a file.</summary>
    private bool IsMended(CacheFault fault)
    {
        try
        {
            new ImageDecoder(decoding).Read(EntryOf(fault).Path, new byte[ImageSet.BytesAt(decoding.Size)]);
            return true;
        }
        catch (DataException)
        {
            return false;
        }
    }

    private ImageEntry EntryOf(CacheFault fault) => (fault.IsTest ? folder.Test : folder.Train)[fault.Index];

    /// <summary>Refuses images that cannot be read, unless they are to be left out.</summary>
    private void RequireReadable(IReadOnlyList<CacheFault> faults)
    {
        if (faults.Count == 0 || skipsUnreadable)
        {
            return;
        }
        LeftOutFile[] unreadable = [.. Files(faults)];
        throw new DataException(unreadable is [var only]
            ? $"{Path.Combine(folder.Path, only.Path)}: {only.Detail}. This image cannot be read; mend or remove it, or leave it out with {decoding.NameOf("skip_unreadable")}."
            : $"{folder.Path}: {unreadable.Length:n0} images cannot be read; mend or remove them, or leave them out with {decoding.NameOf("skip_unreadable")}: {LeftOutFile.Name(unreadable)}.");
    }

    private ImageData Data(PixelSource train, PixelSource test, IReadOnlyList<CacheFault> faults)
    {
        foreach ((PixelSource images, string kind, bool isTest) in new[] { (train, "training", false), (test, "test", true) })
        {
            if (images.Count == 0)
            {
                throw new DataException($"{folder.Path}: no {kind} image can be read: {LeftOutFile.Name([.. Files(faults.Where(fault => fault.IsTest == isTest))])}.");
            }
        }
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder.Path)));
        return new ImageData(name, Set(train, folder.Train, isTest: false), Set(test, folder.Test, isTest: true)) { Reading = folder.Reading, LeftOut = [.. folder.LeftOut, .. Files(faults)] };

        ImageSet Set(PixelSource pixels, IReadOnlyList<ImageEntry> images, bool isTest)
        {
            HashSet<int> unreadable = [.. faults.Where(fault => fault.IsTest == isTest).Select(fault => fault.Index)];
            int[] labels = folder.ClassNames.Count == 0 ? [] : [.. images.Where((_, index) => !unreadable.Contains(index)).Take(pixels.Count).Select(image => image.Label)];
            return new ImageSet(pixels, labels, folder.ClassNames, decoding.Size);
        }
    }

    /// <summary>The files that could not be read, with the reason of each.</summary>
    private IEnumerable<LeftOutFile> Files(IEnumerable<CacheFault> faults) => faults.Select(fault =>
    {
        string path = EntryOf(fault).Path;
        return new LeftOutFile(Path.GetRelativePath(folder.Path, path).Replace(Path.DirectorySeparatorChar, '/'), LeftOutReason.Unreadable, fault.Reason);
    });
}
