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

    private readonly Normalizer _normalizer;
    private readonly bool _fromLogits;
    private readonly Tensor _probabilities;
    private readonly Tensor _logProbabilities;

    /// <param name="probabilities">p.</param>
    /// <param name="logProbabilities">log p; −∞ for masked classes of logits.</param>
    /// <param name="normalizer">True logarithms, or the published code's.</param>
    /// <param name="fromLogits">Whether the logarithms came from logits.</param>
    private Categorical(Tensor probabilities, Tensor logProbabilities, Normalizer normalizer, bool fromLogits)
    {
        _probabilities = probabilities;
        _logProbabilities = logProbabilities;
        _normalizer = normalizer;
        _fromLogits = fromLogits;
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
            Tensor mean = _probabilities.mean([0]), log = Log(mean, _normalizer);
            return estimator == EntropyEstimator.Joe ? -log.mean() : -(mean * log).sum();
        }
        // A log-sum-exp whose gradient is zero, and not NaN, for a class that is masked in every row. Other sums are at least one.
        Tensor largest = _logProbabilities.detach().amax([0]), isMasked = largest.isneginf(), shift = largest.masked_fill(isMasked, 0);
        Tensor sums = (_logProbabilities - shift).exp().sum([0]);
        Tensor logMarginal = (sums.clamp_min(0.5).log() + (shift - Math.Log(_logProbabilities.shape[0]))).masked_fill(isMasked, 0);
        return estimator == EntropyEstimator.Joe
            ? -logMarginal.sum() / isMasked.logical_not().sum()
            : -(logMarginal.exp() * logMarginal).sum();
    }

    /// <summary>−½·(1/k) Σ_i Σ_j [w1_ij·log w2_ij + w2_ij·log w1_ij]: a scalar.</summary>
    public static Tensor CrossEntropyBothWays(Categorical first, Categorical second)
    {
        Tensor sum = (first._probabilities * second.FlooredLogs()).sum() + (second._probabilities * first.FlooredLogs()).sum();
        return sum * (-0.5 / first._probabilities.shape[0]);
    }

    private Tensor FlooredLogs() => _fromLogits
        ? _logProbabilities.masked_fill(_logProbabilities.isneginf(), Math.Log(finfo(_logProbabilities.dtype).tiny))
        : _logProbabilities;

    private static Tensor Log(Tensor probabilities, Normalizer normalizer) =>
        normalizer == Normalizer.Reference
            ? (probabilities + ReferenceFloor).log()
            : probabilities.clamp(min: finfo(probabilities.dtype).tiny).log();
}
