using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using ErLoss.Training.Statistics;
using TorchSharp;

namespace ErLoss.Training;

/// <summary>What a run came to; what result.json holds.</summary>
/// <param name="Method">Name of the method.</param>
/// <param name="Objective">Which loss it trained with.</param>
/// <param name="Device">Where it ran: "cpu" or "cuda:N".</param>
/// <param name="Seed">Of all random streams.</param>
/// <param name="Epochs">Passes over the training images.</param>
/// <param name="Images">Number of training images.</param>
/// <param name="TestImages">Number of test images.</param>
/// <param name="Seconds">Time the whole run took, evaluation included.</param>
/// <param name="ImagesPerSecond">Images trained on a second, over all epochs.</param>
/// <param name="KnnAccuracyBefore">Of the encoder before training; null where no accuracy can be measured, as the next one.</param>
/// <param name="KnnAccuracy">Of the trained encoder.</param>
/// <param name="Loss">Mean over the last epoch; null if there was none. In nats, as the next three.</param>
/// <param name="Entropy">Likewise.</param>
/// <param name="Reconstruction">Likewise.</param>
/// <param name="MutualInformationBound">Likewise.</param>
/// <param name="ViewRetrievalBefore">View retrieval before training; null in the results of older versions. See <see cref="Evaluator"/>.</param>
/// <param name="ViewRetrieval">That of the trained network.</param>
/// <param name="Used">What followed from the settings and the images; null in the results of older versions.</param>
/// <param name="LabelledImages">Number of training images with labels, which vote for the accuracies; null in the results of older versions, as the next one.</param>
/// <param name="LabelledTestImages">Number of test images with labels, which the accuracies are of.</param>
/// <param name="ClassAccuracy">kNN accuracy of the trained encoder for each class that has test images, by the name of the class; null where no accuracy can be measured, and in the results of older versions.</param>
/// <param name="LinearProbeAccuracyBefore">Accuracy of a linear probe on the encoder before training; null where none was asked for, and on ranks other than 0, as the next one.</param>
/// <param name="LinearProbeAccuracy">That on the trained encoder.</param>
internal sealed record RunResult(
    string Method,
    Objective Objective,
    string Device,
    int Seed,
    int Epochs,
    int Images,
    int TestImages,
    double Seconds,
    double ImagesPerSecond,
    double? KnnAccuracyBefore,
    double? KnnAccuracy,
    double? Loss,
    double? Entropy,
    double? Reconstruction,
    double? MutualInformationBound,
    double? ViewRetrievalBefore = null,
    double? ViewRetrieval = null,
    UsedSettings? Used = null,
    int? LabelledImages = null,
    int? LabelledTestImages = null,
    IReadOnlyDictionary<string, double>? ClassAccuracy = null,
    double? LinearProbeAccuracyBefore = null,
    double? LinearProbeAccuracy = null)
{
    /// <summary>The 95% confidence interval of <see cref="KnnAccuracy"/>; null where the number of test images is not known.</summary>
    public ConfidenceInterval? KnnAccuracyInterval => Interval(KnnAccuracy);

    /// <summary>The 95% confidence interval of <see cref="KnnAccuracyBefore"/>, likewise.</summary>
    public ConfidenceInterval? KnnAccuracyBeforeInterval => Interval(KnnAccuracyBefore);

    /// <summary>The 95% confidence interval of <see cref="LinearProbeAccuracy"/>, likewise.</summary>
    public ConfidenceInterval? LinearProbeAccuracyInterval => Interval(LinearProbeAccuracy);

    /// <summary>The 95% confidence interval of <see cref="LinearProbeAccuracyBefore"/>, likewise.</summary>
    public ConfidenceInterval? LinearProbeAccuracyBeforeInterval => Interval(LinearProbeAccuracyBefore);

    /// <summary>What a run that is over came to.</summary>
    /// <param name="registry">Knows the method's name.</param>
    /// <param name="settings">Of the run.</param>
    /// <param name="device">Where it ran.</param>
    /// <param name="images">The training and the test images.</param>
    /// <param name="progress">Metrics and times.</param>
    /// <param name="used">What followed from the settings and the images.</param>
    /// <param name="classAccuracy">See <see cref="ClassAccuracy"/>.</param>
    /// <param name="linearProbeAccuracy">See <see cref="LinearProbeAccuracy"/>.</param>
    public static RunResult Create(
        Registry registry, RunSettings settings, torch.Device device, (ImageTensors Train, ImageTensors Test) images, RunProgress progress, UsedSettings used, IReadOnlyDictionary<string, double>? classAccuracy, double? linearProbeAccuracy = null)
    {
        EpochMetrics? last = progress.Epochs.Count > 0 ? progress.Epochs[^1] : null;
        double trained = (double)progress.StepsDone * settings.BatchSize;
        return new RunResult(
            registry.Document.NameOf(settings.Method),
            settings.Method.Objective,
            device.ToString(),
            settings.Seed,
            settings.Epochs,
            (int)images.Train.Count,
            (int)images.Test.Count,
            progress.Clock.Elapsed.TotalSeconds,
            trained == 0 ? 0 : trained / progress.Clock.Training.TotalSeconds,
            progress.KnnAccuracyBefore,
            last?.KnnAccuracy ?? progress.KnnAccuracyBefore,
            last?.Loss,
            last?.Entropy,
            last?.Reconstruction,
            last?.MutualInformationBound,
            progress.ViewRetrievalBefore,
            last is null ? progress.ViewRetrievalBefore : last.ViewRetrieval,
            used,
            images.Train.LabelledCount,
            images.Test.LabelledCount,
            classAccuracy,
            progress.LinearProbeAccuracyBefore,
            linearProbeAccuracy);
    }

    private ConfidenceInterval? Interval(double? accuracy) =>
        (LabelledTestImages ?? TestImages) is > 0 and var tested && accuracy is >= 0 and <= 1 ? ConfidenceInterval.OfAccuracy(accuracy.Value, tested) : null;
}
