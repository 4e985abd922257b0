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
    /// <param name="settings">Which, and how many of its training images.</param>
    /// <param name="seed">Of the synthetic set.</param>
    /// <exception cref="DataException">There is nothing to read, it cannot be read, it has fewer images than wanted, or all are of one class.</exception>
    /// <exception cref="SettingsException">More images are wanted than a set holds.</exception>
    public static ImageData Load(DataSettings settings, int seed)
    {
        string data = settings.Source;
        int? trainImages = settings.TrainImages;
        ImageData images = Read(data, trainImages, seed);
        return images.Train.Labels.Distinct().Count() > 1
            ? images
            : throw new DataException(
                $"{data}: all training images ({images.Train.Count}) are of one class; two classes at least are wanted to tell what was learnt.");
    }

    private static ImageData Read(string data, int? trainImages, int seed)
    {
        if (data == Synthetic)
        {
            if (trainImages > ImageSet.MaxCount)
            {
                throw new SettingsException("data.train_images", "train_images", $"is {trainImages}; {ImageSet.MaxCount} is the most that one set holds");
            }
            return SyntheticImages.Create(trainImages ?? SyntheticTrainImages, SyntheticTestImages, seed);
        }
        ImageData images =
            CifarReader.Recognizes(data) ? CifarReader.Read(data)
            : ImageFolderReader.Recognizes(data) ? ImageFolderReader.Read(data, trainImages ?? int.MaxValue)
            : throw new DataException(
                $"{data}: {(Directory.Exists(data) ? "neither CIFAR files nor class folders here" : File.Exists(data) ? "a file" : "no such directory")}; wanted '{Synthetic}', or a directory with "
                + "CIFAR-10's or CIFAR-100's binary files or with a folder of PNG or JPEG images for each class.");
        if (trainImages > images.Train.Count)
        {
            throw new DataException($"{data}: {images.Train.Count} training images, but {trainImages} are asked for.");
        }
        return trainImages is null ? images : images with { Train = images.Train.Take(trainImages.Value) };
    }
}
