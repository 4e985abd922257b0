using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Compute;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Data;

/// <summary>Finds the images that the settings name.</summary>
internal static class DataSource
{
    /// <summary>The name of the built-in set.</summary>
    public const string Synthetic = "synthetic";

    private const int SyntheticTrainImages = 10_000, SyntheticTestImages = 2_000;

    /// <summary>Loads a data set.</summary>
    /// <param name="settings">Which, and how many of its images.</param>
    /// <param name="seed">Of the synthetic set.</param>
    /// <param name="loading">Told of each image; ends the loading where that is cancelled.</param>
    /// <param name="cacheFolder">Where a file of decoded images goes if they do not fit in memory and the settings name no folder for it; null if there is no such place.</param>
    /// <param name="processes">How many processes hold the images at a time, and share the memory that is free.</param>
    /// <exception cref="DataException">There is nothing to read, it cannot be read, or it has fewer images than wanted.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="SettingsException">More images are wanted than a set holds.</exception>
    public static ImageData Load(DataSettings settings, int seed, LoadingProgress? loading = null, string? cacheFolder = null, int processes = 1) =>
        settings.Source == Synthetic ? Create(settings, seed, loading) : Read(settings, loading, cacheFolder, processes);

    private static ImageData Create(DataSettings settings, int seed, LoadingProgress? loading)
    {
        return SyntheticImages.Create(
            Count(settings.TrainImages, "train_images", SyntheticTrainImages), Count(settings.TestImages, "test_images", SyntheticTestImages), seed,
            settings.ImageSize, loading);

        int Count(int? wanted, string name, int otherwise) => wanted > ImageSet.MaxCountAt(settings.ImageSize)
            ? throw new SettingsException($"data.{name}", name, $"is {wanted}; {ImageSet.MaxCountAt(settings.ImageSize)} is the most that one set holds")
            : wanted ?? otherwise;
    }

    private static ImageData ReadFolder(DataSettings settings, LoadingProgress? loading, string? cacheFolder, int processes)
    {
        ImageFolder folder = ImageFolderReader.Read(settings.Source, settings.Labels, settings.SkipUnreadable, loading?.Cancellation ?? CancellationToken.None);
        var loader = new ImageFolderLoader(
            folder, settings.Decoding(loading?.NameOf), settings.SkipUnreadable, loading, settings.TrainImages ?? int.MaxValue, settings.TestImages ?? int.MaxValue);
        return CacheFolder(settings, loader.Lengths, HostMemory.Free() / processes, cacheFolder) is { } place ? loader.Load(Path.Combine(place, CacheSource.FileName(settings))) : loader.Load();
    }

    /// <summary>The folder for a file of decoded images: the one that the settings name, or another one if the images do not fit in memory.</summary>
    /// <param name="settings">They may name a folder.</param>
    /// <param name="lengths">Bytes of the decoded training and test images.</param>
    /// <param name="free">Bytes of memory that are free; null if that is not known.</param>
    /// <param name="otherwise">The folder if the settings name none; null if there is none.</param>
    /// <returns>Null if the images are decoded into memory.</returns>
    /// <exception cref="DataException">The images do not fit in memory, and no folder is named.</exception>
    internal static string? CacheFolder(DataSettings settings, (long Train, long Test) lengths, long? free, string? otherwise)
    {
        const double Gibibyte = 1L << 30;
        return settings.Cache is { } given ? given
            : DevicePlacement.FitsInMemory([lengths.Train, lengths.Test], free) ? null
            : otherwise ?? throw new DataException(
                $"{settings.Source}: the decoded images take {(lengths.Train + lengths.Test) / Gibibyte:f1} GiB, too much for memory{(free is { } bytes ? $" ({bytes / Gibibyte:f1} GiB are free)" : "")}; name a folder for a file of them with the setting cache, or use fewer or smaller images.");
    }

    private static ImageData Read(DataSettings settings, LoadingProgress? loading, string? cacheFolder, int processes)
    {
        string data = settings.Source;
        if (InputFile.CheckName(data) is { } cannotBeOpened)
        {
            throw cannotBeOpened;
        }
        (string? cifar, string? stl10) = BinarySet.Find(data);
        if (stl10 is not null)
        {
            return ReadStl10(Stl10Reader.Open(stl10, settings.ImageSize)) with { Reading = Scaling(Stl10Reader.Name, Stl10Images.StoredSize) };
        }
        ImageData images =
            cifar is not null ? CifarReader.Read(cifar, loading)
            : UnsupportedLayout.Describe(data) is { } other ? throw new DataException($"{data}: {other}")
            : Directory.Exists(data) ? ReadFolder(settings, loading, cacheFolder, processes)
            : throw new DataException(
                $"{data}: {(File.Exists(data) ? "a file" : "no such directory")}; wanted '{Synthetic}', or a directory with the binary files of {BinarySet.Names} or with images.");
        return images with
        {
            Train = First(images.Train, settings.TrainImages, "training"),
            Test = First(images.Test, settings.TestImages, "test"),
            Reading = Scaling(images.Name, images.Train.Size) ?? images.Reading,
        };

        ImageSet First(ImageSet set, int? wanted, string kind)
        {
            int count = Count(set.Count, wanted, kind), size = settings.ImageSize;
            return set.Source is PixelArray && count > ImageSet.MaxCountAt(size)
                ? throw new DataException($"{data}: {count} {kind} images; at most {ImageSet.MaxCountAt(size)} of {size}x{size} pixels fit in memory.")
                : set.Take(count).Scale(size);
        }

        ImageData ReadStl10(Stl10Reader reader)
        {
            int train = Count(reader.TrainLabels.Length, settings.TrainImages, "training"), test = Count(reader.TestLabels.Length, settings.TestImages, "test");
            long bytes = ImageSet.BytesAt(settings.ImageSize);
            if (!DevicePlacement.FitsInMemory([train * bytes, test * bytes], HostMemory.Free() / processes))
            {
                return reader.OnDemand(train, test);
            }
            using (reader)
            {
                return reader.Load(train, test, loading);
            }
        }

        string? Scaling(string name, int read) => read == settings.ImageSize ? null
            : $"The images of {name}, of {read}x{read} pixels, are scaled to {settings.ImageSize}x{settings.ImageSize}.";

        int Count(int available, int? wanted, string kind) => !(wanted > available) ? wanted ?? available
            : throw new DataException($"{data}: {available} {kind} images, but {wanted} are asked for.");
    }
}
