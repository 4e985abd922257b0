using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Evaluation;
using ErLoss.Training.Data;
using ErLoss.Training.Distributed;
using ErLoss.Training.Methods;
using ErLoss.Training.Randomness;
using ErLoss.Training.Views;
using static TorchSharp.torch;

namespace ErLoss.Training;

/// <summary>Measures networks on image sets: the way from pixels to the arithmetic of <see cref="ErLoss.SelfSupervised.Evaluation"/>.</summary>
/// <remarks>Where several ranks measure the same network on the same images, each runs it on a part of them, and all get the same figures, except that rank 0 alone trains a linear probe. If one of them is cancelled, all are.</remarks>
internal static class Evaluator
{
    private const int MostImagesForCollapse = 512, MostImagesForRetrieval = 512, RetrievalBatchSize = 128;

    /// <summary>The features of an encoder, evaluated. Of sets with labels only the images that have one are used, which is what an accuracy needs.</summary>
    /// <param name="encoder">Evaluated in its evaluation mode; left in the mode it was in.</param>
    /// <param name="train">The images that vote and that neighbours are looked for among.</param>
    /// <param name="test">The images that are classified.</param>
    /// <param name="measuresAccuracy">Whether labels are to be used: one training image at least and one test image have one. Otherwise all images are evaluated without.</param>
    /// <param name="trainsProbe">Whether a linear probe is trained, too: labels are used, and two training images at least have one.</param>
    /// <param name="progress">Told of the share of the images whose features are computed, from 0 to 1.</param>
    /// <param name="group">The ranks; null if there is one process.</param>
    /// <param name="cancellation">Heeded between batches, and between iterations of the linear probe.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="TrainingFailedException">A feature is not finite.</exception>
    public static FeatureEvaluation Evaluate(
        Encoder encoder,
        ImageTensors train,
        ImageTensors test,
        bool measuresAccuracy,
        bool trainsProbe = false,
        IProgress<double>? progress = null,
        ProcessGroup? group = null,
        CancellationToken cancellation = default)
    {
        using var scope = NewDisposeScope();
        double ofTrain = Count(train) / (Count(train) + Count(test));
        return new FeatureEvaluation(Evaluated(train, Part(0, ofTrain)), Evaluated(test, Part(ofTrain, 1 - ofTrain)), measuresAccuracy ? train.ClassCount : 0, trainsProbe, group, cancellation);

        double Count(ImageTensors images) => measuresAccuracy ? images.LabelledCount : images.Count;

        (Tensor, Tensor, Tensor) Evaluated(ImageTensors images, IProgress<double>? progress)
        {
            (Tensor features, Tensor labels) = measuresAccuracy ? images.LabelledFeaturesOf(encoder, new ImagePreprocessing(), progress, group, cancellation) : (images.FeaturesOf(encoder, progress, group, cancellation), images.Labels);
            RequireFinite(features, "The encoder's features");
            return (features, labels, measuresAccuracy ? images.LabelledIndices() : arange(images.Count, device: images.Device));
        }

        IProgress<double>? Part(double start, double share) => progress is null ? null : new PartialProgress(progress, start, share);
    }

    /// <summary>
    /// How far a method's outputs are from collapse, on the first 512 images, which are not augmented. The method is evaluated in its evaluation mode
    /// and left in the mode it was in.
    /// </summary>
    /// <param name="method">The method.</param>
    /// <param name="images">The images.</param>
    /// <param name="group">The ranks; null if there is one process.</param>
    /// <param name="cancellation">Heeded between batches.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static CollapseIndicators Collapse(TwoViewMethod method, ImageTensors images, ProcessGroup? group = null, CancellationToken cancellation = default)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var evaluation = new EvaluationMode(method);
        MethodOutputs outputs = method.Project(images.FeaturesOfFirst(Math.Min(MostImagesForCollapse, images.Count), method.Encoder, null, group, cancellation));
        return CollapseIndicators.Measure(outputs.Embeddings, outputs.Probabilities);
    }

    /// <summary>How many of so many test images view retrieval is measured on: 512 at most, which keeps it cheap and comparable between sets of images.</summary>
    public static int RetrievedImages(long testImages) => (int)Math.Min(MostImagesForRetrieval, testImages);

    /// <summary>
    /// View retrieval (<see cref="ErLoss.SelfSupervised.Evaluation.ViewRetrieval"/>) of the projections of two random views, drawn as in training, of each of the first test images. The views are the same at
    /// each measurement of a run, and come from a stream of random numbers of their own.
    /// </summary>
    /// <param name="method">Evaluated in its evaluation mode; left in the mode it was in.</param>
    /// <param name="images">The test images.</param>
    /// <param name="settings">Those of the run.</param>
    /// <param name="group">The ranks; null if there is one process.</param>
    /// <param name="cancellation">Heeded between batches.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="TrainingFailedException">A projection is not finite.</exception>
    public static double ViewRetrieval(TwoViewMethod method, ImageTensors images, RunSettings settings, ProcessGroup? group = null, CancellationToken cancellation = default)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var evaluation = new EvaluationMode(method);
        using var views = new TwoViews(images.Device, settings.Data.ImageSize, settings.Views);
        using var generator = new Generator((ulong)RandomStream.Seed(settings.Seed, RandomPurpose.RetrievedViews, 0), CPU);
        int count = RetrievedImages(images.Count);
        List<Tensor> first = [], second = [];
        for (int start = 0; start < count; start += RetrievalBatchSize)
        {
            RankCancellation.ThrowIfAny(group, cancellation);
            using var batchScope = NewDisposeScope();
            int batchSize = Math.Min(RetrievalBatchSize, count - start);
            // Batches of fewer images than ranks are not worth sharing: every rank then does all of it.
            ProcessGroup? sharing = batchSize < group?.Size ? null : group;
            var share = Share.Of(batchSize, sharing);
            (Tensor view1, Tensor view2) = views.Draw(images.Range(start + share.Start, share.Count), generator, share);
            first.Add(Projections(view1, sharing));
            second.Add(Projections(view2, sharing));
        }
        Tensor projections1 = cat(first), projections2 = cat(second);
        RequireFinite(projections1, "Projections");
        RequireFinite(projections2, "Projections");
        return RankCancellation.Together(group, () => ErLoss.SelfSupervised.Evaluation.ViewRetrieval.Accuracy(projections1, projections2, cancellation), cancellation);

        Tensor Projections(Tensor view, ProcessGroup? sharing)
        {
            Tensor own = method.Project(method.Encoder.call(view)).Embeddings;
            return (sharing?.AllGather(own) ?? own).MoveToOuterDisposeScope();
        }
    }

    private static void RequireFinite(Tensor values, string what)
    {
        if (!values.isfinite().all().item<bool>())
        {
            throw new TrainingFailedException($"{what} are not finite numbers, although the weights are. A smaller learning rate usually cures this.");
        }
    }

    /// <summary>The progress of a part of something, as the progress of it all.</summary>
    private sealed class PartialProgress(IProgress<double> all, double start, double share) : IProgress<double>
    {
        public void Report(double value) => all.Report(start + share * value);
    }
}
