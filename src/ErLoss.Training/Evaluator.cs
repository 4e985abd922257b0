using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Evaluation;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using static TorchSharp.torch;

namespace ErLoss.Training;

/// <summary>Measures networks on image sets: the way from pixels to the arithmetic of <see cref="ErLoss.SelfSupervised.Evaluation"/>.</summary>
internal static class Evaluator
{
    private const int MostImagesForCollapse = 512;

    /// <summary>kNN accuracy of an encoder; see <see cref="NearestNeighbours"/>.</summary>
    /// <param name="encoder">Evaluated in its evaluation mode; left in the mode it was in.</param>
    /// <param name="train">The images that vote.</param>
    /// <param name="test">The images that are classified.</param>
    /// <param name="progress">Told of the share of the images whose features are computed, from 0 to 1.</param>
    /// <param name="cancellation">Heeded between batches.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="TrainingFailedException">A feature is not finite.</exception>
    public static double KnnAccuracy(
        Encoder encoder, ImageTensors train, ImageTensors test, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        using var scope = NewDisposeScope();
        double ofTrain = (double)train.Count / (train.Count + test.Count);
        Tensor trainFeatures = Features.Compute(encoder, train.Pixels, Part(0, ofTrain), cancellation);
        Tensor testFeatures = Features.Compute(encoder, test.Pixels, Part(ofTrain, 1 - ofTrain), cancellation);
        if (!trainFeatures.isfinite().all().item<bool>() || !testFeatures.isfinite().all().item<bool>())
        {
            throw new TrainingFailedException("The encoder's features are not finite numbers, although its weights are. A smaller learning rate usually cures this.");
        }
        return NearestNeighbours.Accuracy(trainFeatures, train.Labels, testFeatures, test.Labels, train.ClassCount, cancellation);

        IProgress<double>? Part(double start, double share) => progress is null ? null : new PartialProgress(progress, start, share);
    }

    /// <summary>
    /// How far a method's outputs are from collapse, on the first 512 images, which are not augmented. The method is evaluated in its evaluation mode
    /// and left in the mode it was in.
    /// </summary>
    public static CollapseIndicators Collapse(TwoViewMethod method, ImageTensors images)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var evaluation = new EvaluationMode(method);
        Tensor pixels = images.Pixels.narrow(0, 0, Math.Min(MostImagesForCollapse, images.Count));
        MethodOutputs outputs = method.Project(method.Encoder.call(Pixels.Center(Pixels.ToUnit(pixels))));
        return CollapseIndicators.Measure(outputs.Embeddings, outputs.Probabilities);
    }

    /// <summary>The progress of a part of something, as the progress of it all.</summary>
    private sealed class PartialProgress(IProgress<double> all, double start, double share) : IProgress<double>
    {
        public void Report(double value) => all.Report(start + share * value);
    }
}
