using ErLoss.SelfSupervised.Evaluation;
using ErLoss.Training.Statistics;

namespace ErLoss.Training;

/// <summary>What an encoder's features are worth; what <c>evaluate --output</c> writes.</summary>
/// <param name="Checkpoint">The folder of the weights, or the file of --weights.</param>
/// <param name="Encoder">Name of the encoder.</param>
/// <param name="Untrained">Whether its initial weights were evaluated in place of the trained ones.</param>
/// <param name="Data">"synthetic", or the folder the images are in.</param>
/// <param name="Device">Where it ran: "cpu" or "cuda:N".</param>
/// <param name="TrainImages">Number of training images.</param>
/// <param name="TestImages">Number of test images.</param>
/// <param name="LabelledTrainImages">Number of training images with labels, which the accuracies follow from.</param>
/// <param name="LabelledTestImages">Number of test images with labels, which the accuracies are of.</param>
/// <param name="FeatureDimension">Length of a feature vector.</param>
/// <param name="KnnAccuracy">See <see cref="NearestNeighbours"/>.</param>
/// <param name="KnnClassAccuracy">That of each class that has test images, by the name of the class.</param>
/// <param name="LinearProbeAccuracy">On the test images; see <see cref="LinearProbe"/>.</param>
/// <param name="LinearProbeTrainAccuracy">On the images the probe was trained on.</param>
/// <param name="LinearProbePenalty">The weight of its L2 penalty.</param>
/// <param name="LinearProbeIterations">Of its fit.</param>
/// <param name="LinearProbeConverged">Whether its fit reached its tolerance.</param>
/// <param name="Seconds">Time it all took, reading included.</param>
internal sealed record EvaluationResult(
    string Checkpoint,
    string Encoder,
    bool Untrained,
    string Data,
    string Device,
    int TrainImages,
    int TestImages,
    int LabelledTrainImages,
    int LabelledTestImages,
    int FeatureDimension,
    double KnnAccuracy,
    IReadOnlyDictionary<string, double> KnnClassAccuracy,
    double LinearProbeAccuracy,
    double LinearProbeTrainAccuracy,
    double LinearProbePenalty,
    int LinearProbeIterations,
    bool LinearProbeConverged,
    double Seconds)
{
    /// <summary>The 95% confidence interval of <see cref="KnnAccuracy"/>.</summary>
    public ConfidenceInterval KnnAccuracyInterval => ConfidenceInterval.OfAccuracy(KnnAccuracy, LabelledTestImages);

    /// <summary>The 95% confidence interval of <see cref="LinearProbeAccuracy"/>.</summary>
    public ConfidenceInterval LinearProbeAccuracyInterval => ConfidenceInterval.OfAccuracy(LinearProbeAccuracy, LabelledTestImages);
}
