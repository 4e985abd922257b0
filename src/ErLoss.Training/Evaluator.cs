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
    /// <param name="cancellation">Heeded between batches.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static double KnnAccuracy(Encoder encoder, ImageTensors train, ImageTensors test, CancellationToken cancellation = default)
    {
        using var scope = NewDisposeScope();
        Tensor trainFeatures = Features.Of(encoder, train.Pixels, cancellation), testFeatures = Features.Of(encoder, test.Pixels, cancellation);
        return NearestNeighbours.Accuracy(trainFeatures, train.Labels, testFeatures, test.Labels, train.ClassCount);
    }

    /// <summary>
    /// How far a method's outputs are from collapse, on the first 512 images, which are not augmented. The method is evaluated in its evaluation mode
    /// and left in the mode it was in.
    /// </summary>
    public static CollapseIndicators Collapse(TwoViewMethod method, ImageTensors images)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        bool wasTraining = method.training;
        method.eval();
        Tensor pixels = images.Pixels.narrow(0, 0, Math.Min(MostImagesForCollapse, images.Count));
        MethodOutputs outputs = method.Project(method.Encoder.call(Pixels.Center(Pixels.ToUnit(pixels))));
        method.train(wasTraining);
        return CollapseIndicators.Of(outputs.Embeddings, outputs.Probabilities);
    }
}
