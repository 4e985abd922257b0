using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Evaluation;

/// <summary>
/// The accuracy of a linear classifier on frozen features: multinomial logistic regression, trained to convergence.
/// </summary>
/// <remarks>
/// Features are standardised by the training images' mean and deviation. The weight of the L2 penalty is the one of <see cref="Penalties"/>
/// with which a held-out tenth of the training images (every tenth in order of class) is classified best; of equally good ones it is the largest.
/// The classifier is then trained on all training images. All computations are in float64, and no random numbers are used.
/// </remarks>
public static class LinearProbe
{
    private const int ImagesPerHeldOutImage = 10;

    /// <summary>A deviation below this fraction of the mean is the rounding of a constant feature.</summary>
    private const double LeastRelativeDeviation = 1e-7;

    /// <summary>The tolerance of the fits by which penalties are compared: fine enough to rank them, in half the iterations.</summary>
    private const double RoughTolerance = 1e-4;

    /// <summary>The penalties that are tried, largest first.</summary>
    public static IReadOnlyList<double> Penalties { get; } = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5];

    /// <summary>Trains the classifier and classifies both sets.</summary>
    /// <param name="trainFeatures">(n, d), finite, with n at least 2.</param>
    /// <param name="trainLabels">(n), int64 in 0..<paramref name="classCount"/> − 1; classes may be missing.</param>
    /// <param name="testFeatures">(m, d), finite, with m at least 1.</param>
    /// <param name="testLabels">(m), int64 in the same range.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <param name="progress">Receives the number of iterations so far, after each of them.</param>
    /// <param name="cancellation">Checked between iterations.</param>
    /// <exception cref="ArgumentException">Features or labels are not as said above.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static LinearProbeResult Evaluate(
        Tensor trainFeatures,
        Tensor trainLabels,
        Tensor testFeatures,
        Tensor testLabels,
        int classCount,
        IProgress<int>? progress = null,
        CancellationToken cancellation = default)
    {
        Arguments.CheckRows(trainFeatures);
        Arguments.CheckRows(testFeatures);
        Arguments.CheckAlike(testFeatures, trainFeatures);
        if (trainFeatures.shape[0] < 2)
        {
            throw new ArgumentException("There is one training image; two at least are wanted, as some are held out.", nameof(trainFeatures));
        }
        Arguments.CheckLabels(trainLabels, trainFeatures, classCount);
        Arguments.CheckLabels(testLabels, testFeatures, classCount);
        Arguments.CheckFinite(trainFeatures);
        Arguments.CheckFinite(testFeatures);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        (Tensor mean, Tensor deviation) = Moments(trainFeatures);
        Tensor train = Inputs(trainFeatures, mean, deviation), test = Inputs(testFeatures, mean, deviation);
        Tensor zero = zeros(train.shape[1], classCount, ScalarType.Float64, train.device);

        int iterationsOfAll = 0;
        double penalty = BestPenalty(train, trainLabels, zero, OnIteration, cancellation);
        (Tensor weights, int iterations, bool converged) = SoftmaxRegression.Fit(train, trainLabels, penalty, zero, OnIteration, cancellation: cancellation);
        return new LinearProbeResult(
            SoftmaxRegression.Accuracy(train, trainLabels, weights),
            SoftmaxRegression.Accuracy(test, testLabels, weights),
            penalty,
            iterations,
            converged);

        void OnIteration() => progress?.Report(++iterationsOfAll);
    }

    private static double BestPenalty(Tensor inputs, Tensor labels, Tensor zero, Action onIteration, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        ILookup<bool, long> places = labels.cpu().data<long>()
            .Select((label, place) => (label, place: (long)place))
            .OrderBy(image => image.label)
            .Select((image, rank) => (image.place, isHeldOut: rank % ImagesPerHeldOutImage == 0))
            .ToLookup(image => image.isHeldOut, image => image.place);
        (Tensor heldOut, Tensor heldOutLabels) = Part(true);
        (Tensor rest, Tensor restLabels) = Part(false);

        Tensor weights = zero; // each fit starts where the one before it ended
        (double accuracy, double penalty) best = (-1, 0);
        foreach (double penalty in Penalties)
        {
            weights = SoftmaxRegression.Fit(rest, restLabels, penalty, weights, onIteration, RoughTolerance, cancellation).Point;
            double accuracy = SoftmaxRegression.Accuracy(heldOut, heldOutLabels, weights);
            best = accuracy > best.accuracy ? (accuracy, penalty) : best;
        }
        return best.penalty;

        (Tensor, Tensor) Part(bool isHeldOut)
        {
            Tensor part = tensor(places[isHeldOut].ToArray(), device: labels.device);
            return (inputs.index_select(0, part), labels.index_select(0, part));
        }
    }

    private static (Tensor Mean, Tensor Deviation) Moments(Tensor features)
    {
        using var scope = NewDisposeScope();
        Tensor wide = features.to(ScalarType.Float64);
        Tensor mean = wide.mean([0]), centred = wide - mean;
        Tensor largest = maximum(centred.amax([0]), -centred.amin([0])); // squares of the centred features themselves may overflow, or become zero
        Tensor deviation = UnitRows.Scale(centred, largest).square().mean([0]).sqrt_().mul_(largest);
        Tensor varies = deviation > LeastRelativeDeviation * mean.abs();
        return (mean.MoveToOuterDisposeScope(), where(varies, deviation, ones_like(deviation)).MoveToOuterDisposeScope());
    }

    /// <summary>Standardised features and a constant, (n, d + 1), float64.</summary>
    private static Tensor Inputs(Tensor features, Tensor mean, Tensor deviation)
    {
        using var scope = NewDisposeScope();
        Tensor standardized = (features.to(ScalarType.Float64) - mean) / deviation;
        return cat([standardized, ones(features.shape[0], 1, ScalarType.Float64, features.device)], 1).MoveToOuterDisposeScope();
    }
}
