namespace ErTraining.Data;

/// <summary>Finds the images that <c>--data</c> names.</summary>
internal static class DataSource
{
    /// <summary>The name of the built-in set.</summary>
    public const string Synthetic = "synthetic";

    private const int SyntheticTrainImages = 10_000, SyntheticTestImages = 2_000;

    /// <summary>Loads a data set.</summary>
    /// <param name="data">"synthetic", or a folder with CIFAR-10's or CIFAR-100's binary files, or with class folders of PNG or JPEG images.</param>
    /// <param name="trainImages">How many training images to use, the first ones; all of them if null.</param>
    /// <param name="seed">Of the synthetic set.</param>
    /// <exception cref="DataException">There is nothing to read, it cannot be read, it has fewer images than wanted, or all are of one class.</exception>
    public static ImageData Load(string data, int? trainImages, int seed)
    {
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
                throw new DataException($"--train-images is {trainImages}; {ImageSet.MaxCount} is the most that one set holds.");
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
            throw new DataException($"{data}: {images.Train.Count} training images; --train-images wants {trainImages}.");
        }
        return trainImages is null ? images : images with { Train = images.Train.Take(trainImages.Value) };
    }
}
