using ErLoss.Training.Settings;

namespace ErLoss.Training.Data;

/// <summary>The images of a run.</summary>
internal sealed record DataSettings : Section
{
    /// <summary>"synthetic", or the folder that the images are in. It may move: a run that is resumed knows its images by their content.</summary>
    [Setting(
        "'synthetic' for images that the program draws, or a folder that contains the binary files of CIFAR-10 or CIFAR-100, or a folder of PNG or JPEG images for each class.",
        Word = "data", Placeholder = "synthetic|DIR", DecidesResult = false, IsPath = true)]
    public string Source { get; init; } = DataSource.Synthetic;

    /// <summary>How many training images are used, the first ones.</summary>
    [Setting("Use only the first N training images.", Least = 1, WhenNull = "all of them")]
    public int? TrainImages { get; init; }

    /// <summary>How many test images are used, the first ones.</summary>
    [Setting("Use only the first N test images.", Least = 1, WhenNull = "all of them")]
    public int? TestImages { get; init; }
}
