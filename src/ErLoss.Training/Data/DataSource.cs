using ErLoss.SelfSupervised.IO;
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
    /// <exception cref="DataException">There is nothing to read, it cannot be read, or it has fewer images than wanted.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="SettingsException">More images are wanted than a set holds.</exception>
    public static ImageData Load(DataSettings settings, int seed, LoadingProgress? loading = null) =>
        settings.Source == Synthetic ? Create(settings, seed, loading) : Read(settings, loading);

    private static ImageData Create(DataSettings settings, int seed, LoadingProgress? loading)
    {
        return SyntheticImages.Create(
            Count(settings.TrainImages, "train_images", SyntheticTrainImages), Count(settings.TestImages, "test_images", SyntheticTestImages), seed,
            settings.ImageSize, loading);

        int Count(int? wanted, string name, int otherwise) => wanted > ImageSet.MaxCountAt(settings.ImageSize)
            ? throw new SettingsException($"data.{name}", name, $"is {wanted}; {ImageSet.MaxCountAt(settings.ImageSize)} is the most that one set holds")
            : wanted ?? otherwise;
    }

    private static ImageData ReadFolder(DataSettings settings, LoadingProgress? loading)
    {
        ImageFolder folder = ImageFolderReader.Read(settings.Source, settings.Labels, settings.SkipUnreadable, loading?.Cancellation ?? CancellationToken.None);
        return new ImageFolderLoader(folder, settings.Decoding(loading?.NameOf), settings.SkipUnreadable, loading)
            .Load(settings.TrainImages ?? int.MaxValue, settings.TestImages ?? int.MaxValue);
    }

    private static ImageData Read(DataSettings settings, LoadingProgress? loading)
    {
        string data = settings.Source;
        if (InputFile.CheckName(data) is { } cannotBeOpened)
        {
            throw cannotBeOpened;
        }
        (string? cifar, string? stl10) = BinarySet.Find(data);
        if (stl10 is not null)
        {
            using Stl10Reader reader = Stl10Reader.Open(stl10, settings.ImageSize);
            return reader.Load(Count(reader.TrainLabels.Length, settings.TrainImages, "training"), Count(reader.TestLabels.Length, settings.TestImages, "test"), loading) with
            {
                Reading = Scaling(Stl10Reader.Name, Stl10Images.StoredSize),
            };
        }
        ImageData images =
            cifar is not null ? CifarReader.Read(cifar, loading)
            : UnsupportedLayout.Describe(data) is { } other ? throw new DataException($"{data}: {other}")
            : Directory.Exists(data) ? ReadFolder(settings, loading)
            : throw new DataException(
                $"{data}: {(File.Exists(data) ? "a file" : "no such directory")}; wanted '{Synthetic}', or a directory with the binary files of {BinarySet.Names} or with images.");
        return images with
        {
            Train = First(images.Train, settings.TrainImages, "training"),
            Test = First(images.Test, settings.TestImages, "test"),
            Reading = Scaling(images.Name, images.Train.Size) ?? images.Reading,
        };

        ImageSet First(ImageSet set, int? wanted, string kind) => set.Take(Count(set.Count, wanted, kind)).Scale(settings.ImageSize);

        string? Scaling(string name, int read) => read == settings.ImageSize ? null
            : $"The images of {name}, of {read}x{read} pixels, are scaled to {settings.ImageSize}x{settings.ImageSize}.";

        int Count(int available, int? wanted, string kind)
        {
            int count = wanted ?? available, size = settings.ImageSize;
            return count > available ? throw new DataException($"{data}: {available} {kind} images, but {wanted} are asked for.")
                : count > ImageSet.MaxCountAt(size) ? throw new DataException($"{data}: {count} {kind} images; at most {ImageSet.MaxCountAt(size)} of {size}x{size} pixels fit in memory.")
                : count;
        }
    }
}
