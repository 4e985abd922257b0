using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Settings;

namespace ErLoss.Training;

/// <summary>
/// What a run used where its settings leave it open, or where it follows from others: in config.json and result.json for readers. The program fills it in. No run depends
/// on it; a study compares the fingerprint with that of its own images.
/// </summary>
internal sealed record UsedSettings : Section
{
    /// <summary>Length of a feature vector of the encoder.</summary>
    [Setting("Number of features of the encoder.", Word = "used_feature_dimension", DecidesResult = false, IsOption = false)]
    public int? FeatureDimension { get; init; }

    /// <summary>First layers of a ResNet; null of another encoder.</summary>
    [Setting("First layers of the encoder, if it is a ResNet.", Word = "used_stem", DecidesResult = false, IsOption = false)]
    public ResNetStem? Stem { get; init; }

    /// <summary>The share of views that are blurred.</summary>
    [Setting("Probability that a view is blurred.", Word = "used_blur_probability", DecidesResult = false, IsOption = false)]
    public double? BlurProbability { get; init; }

    /// <summary>A number that other images have only by a chance of 2⁻¹²⁸, in hexadecimal digits.</summary>
    [Setting("Fingerprint of the images.", Word = "used_data_fingerprint", DecidesResult = false, IsOption = false)]
    public string? DataFingerprint { get; init; }

    /// <summary>Neighbours that vote in an evaluation.</summary>
    [Setting("Number of neighbours that vote in the kNN accuracy.", Word = "used_knn_neighbours", DecidesResult = false, IsOption = false)]
    public int? KnnNeighbours { get; init; }

    /// <summary>Epochs in which the learning rate rose.</summary>
    [Setting("Epochs in which the learning rate rose from zero.", Word = "used_warmup_epochs", DecidesResult = false, IsOption = false)]
    public double? WarmupEpochs { get; init; }

    /// <summary>Processes that trained together; null if it was one.</summary>
    [Setting("Number of processes (ranks) that trained together.", Word = "used_ranks", DecidesResult = false, IsOption = false)]
    public int? Ranks { get; init; }
}
