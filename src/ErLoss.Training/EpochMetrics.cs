using ErLoss.SelfSupervised.Evaluation;
using ErLoss.Training.Methods;

namespace ErLoss.Training;

/// <summary>A line of metrics.jsonl: means over the steps of an epoch; losses and entropies in nats.</summary>
/// <param name="Epoch">Counted from one.</param>
/// <param name="Loss">What training minimises.</param>
/// <param name="Entropy">Entropy of the projections, by the estimate that the loss uses.</param>
/// <param name="Reconstruction">Reconstruction error between the views.</param>
/// <param name="MutualInformationBound">The plain estimate of the entropy less the reconstruction; see <see cref="MethodTerms"/>.</param>
/// <param name="LearningRate">That of the epoch's last step.</param>
/// <param name="ImagesPerSecond">Images trained on a second, each in two views.</param>
/// <param name="EffectiveRank">After the epoch, on test images; see <see cref="CollapseIndicators"/>, as for the next two.</param>
/// <param name="MeanCosine">Likewise.</param>
/// <param name="Perplexity">Likewise; of discrete heads only.</param>
/// <param name="KnnAccuracy">Fraction of test images classified rightly, where it was evaluated.</param>
/// <param name="ViewRetrieval">How often the nearest of the test images' projections is the other view of the same image, where it was evaluated; see <see cref="Evaluator"/>.</param>
internal sealed record EpochMetrics(
    int Epoch,
    double Loss,
    double Entropy,
    double Reconstruction,
    double MutualInformationBound,
    double LearningRate,
    double ImagesPerSecond,
    double? EffectiveRank = null,
    double? MeanCosine = null,
    double? Perplexity = null,
    double? KnnAccuracy = null,
    double? ViewRetrieval = null);
