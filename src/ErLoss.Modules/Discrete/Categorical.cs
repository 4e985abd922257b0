using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>A batch of categorical distributions over d classes: probabilities and their logarithms, (k, d) each.</summary>
/// <remarks>
/// <para>
/// From logits the exact logarithms come by log-softmax and log-sum-exp, so that they and their gradients hold however small a
/// probability is. From probabilities a logarithm is floored where its argument is zero, at the smallest normal number: 0·log 0 = 0,
/// and a class that cannot happen costs some 87 nats (708 in float64) instead of infinitely many. With the reference's
/// constants every logarithm is log(p + 1e-7).
/// </para>
/// <para>
/// A logit of −∞ masks a class: its probability is zero and its logarithm that same floor, without gradient. Finite logarithms are not floored.
/// A class that is masked in every row does not count in the mean over classes that Joe's estimate is.
/// </para>
/// </remarks>
internal sealed class Categorical
{
    private const double ReferenceFloor = 1e-7;

    // Kept: TorchSharp may free a number's conversion before native code reads it, and masked_fill copies a tensor first.
    private static readonly Scalar s_zero = 0, s_floor = Math.Log(finfo(ScalarType.Float32).tiny), s_floorInDouble = Math.Log(finfo(ScalarType.Float64).tiny);

    private readonly Normalizer _normalizer;
    private readonly bool _fromLogits;
    private readonly Tensor _logProbabilities;

    /// <param name="probabilities">p.</param>
    /// <param name="logProbabilities">log p; −∞ for masked classes of logits.</param>
    /// <param name="normalizer">True logarithms, or the published code's.</param>
    /// <param name="fromLogits">Whether the logarithms came from logits.</param>
    private Categorical(Tensor probabilities, Tensor logProbabilities, Normalizer normalizer, bool fromLogits)
    {
        Probabilities = probabilities;
        _logProbabilities = logProbabilities;
        _normalizer = normalizer;
        _fromLogits = fromLogits;
    }

    /// <summary>p, (k, d).</summary>
    public Tensor Probabilities { get; }

    /// <summary>Rows of logits where inputs are normalised, else of probabilities; in float32 at least.</summary>
    public static Categorical Read(Tensor rows, bool normalizeInputs, Normalizer normalizer)
    {
        Tensor single = FloatConversion.AtLeastSingle(rows);
        return normalizeInputs ? FromLogits(single, normalizer) : FromProbabilities(single, normalizer);
    }

    public static Categorical FromProbabilities(Tensor probabilities, Normalizer normalizer) =>
        new(probabilities, Log(probabilities, normalizer), normalizer, fromLogits: false);

    public static Categorical FromLogits(Tensor logits, Normalizer normalizer)
    {
        if (normalizer == Normalizer.Reference)
        {
            return FromProbabilities(nn.functional.softmax(logits, 1), normalizer);
        }
        Tensor logProbabilities = nn.functional.log_softmax(logits, 1);
        return new Categorical(logProbabilities.exp(), logProbabilities, normalizer, fromLogits: true);
    }

    /// <summary>Plug-in: the entropy of the batch marginal p̄. Joe's: the cross-entropy of the uniform prior with it.</summary>
    public Tensor MarginalEntropy(EntropyEstimator estimator)
    {
        if (!_fromLogits)
        {
            Tensor mean = Probabilities.mean([0]), log = Log(mean, _normalizer);
            return estimator == EntropyEstimator.Joe ? -log.mean() : -(mean * log).sum();
        }
        // A log-sum-exp whose gradient is zero, and not NaN, for a class that is masked in every row. Other sums are at least one.
        Tensor largest = _logProbabilities.detach().amax([0]), isMasked = largest.isneginf(), shift = largest.masked_fill(isMasked, s_zero);
        Tensor sums = (_logProbabilities - shift).exp().sum([0]);
        Tensor logMarginal = (sums.clamp_min(0.5).log() + (shift - Math.Log(_logProbabilities.shape[0]))).masked_fill(isMasked, s_zero);
        return estimator == EntropyEstimator.Joe
            ? -logMarginal.sum() / isMasked.logical_not().sum()
            : -(logMarginal.exp() * logMarginal).sum();
    }

    /// <summary>The mean of −Σ_j t_ij·log p_ij over rows and pairs of a prediction p and a target t: a scalar.</summary>
    /// <param name="predictions">Batches of equal shape.</param>
    /// <param name="targets">Probabilities, (k, d) each, or class numbers, (k) each.</param>
    /// <param name="areOfViews">Whether a prediction does not meet the target at its own place; else it meets every target.</param>
    public static Tensor CrossEntropy(IReadOnlyList<Categorical> predictions, IReadOnlyList<Tensor> targets, bool areOfViews)
    {
        long pairs = ViewSums.Pairs(predictions.Count, targets.Count, areOfViews);
        Tensor sum = targets[0].dtype == ScalarType.Int64
            ? SumOfLogs(predictions, targets, areOfViews)
            : ViewSums.OverPairs(predictions, targets, areOfViews, (prediction, target) => (target * prediction.FlooredLogs()).sum());
        return sum * (-1.0 / (pairs * targets[0].shape[0]));
    }

    /// <summary>Σ log p of the classes that targets name.</summary>
    private static Tensor SumOfLogs(IReadOnlyList<Categorical> predictions, IReadOnlyList<Tensor> targets, bool areOfViews)
    {
        var sums = new List<Tensor>();
        for (int i = 0; i < predictions.Count; i++)
        {
            Tensor[] met = [.. targets.Where((_, place) => !areOfViews || place != i)];
            if (met.Length > 0)
            {
                sums.Add(predictions[i].FlooredLogs().gather(1, stack(met, 1)).sum());
            }
        }
        return ViewSums.Of(sums);
    }

    private Tensor FlooredLogs() => _fromLogits
        ? _logProbabilities.masked_fill(_logProbabilities.isneginf(), _logProbabilities.dtype == ScalarType.Float64 ? s_floorInDouble : s_floor)
        : _logProbabilities;

    private static Tensor Log(Tensor probabilities, Normalizer normalizer) =>
        normalizer == Normalizer.Reference
            ? (probabilities + ReferenceFloor).log()
            : probabilities.clamp(min: finfo(probabilities.dtype).tiny).log();
}
