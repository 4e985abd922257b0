using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>A batch of categorical distributions over d classes: probabilities and their logarithms, (k, d) each. Those of several views may be one, (v, k, d).</summary>
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
    private static readonly Scalar s_floor = Math.Log(finfo(ScalarType.Float32).tiny), s_floorInDouble = Math.Log(finfo(ScalarType.Float64).tiny);

    private readonly Normalizer _normalizer;
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
        IsFromLogits = fromLogits;
    }

    /// <summary>p, (k, d).</summary>
    public Tensor Probabilities { get; }

    /// <summary>Exact log p, (k, d), −∞ for masked classes. Null where the logarithms did not come from logits.</summary>
    public Tensor? LogProbabilities => IsFromLogits ? _logProbabilities : null;

    private bool IsFromLogits { get; }

    /// <summary>The views of several that are one.</summary>
    public Categorical[] Split() =>
        [.. Probabilities.unbind(0).Zip(_logProbabilities.unbind(0), (probabilities, logs) => new Categorical(probabilities, logs, _normalizer, IsFromLogits))];

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
            return FromProbabilities(nn.functional.softmax(logits, -1), normalizer);
        }
        Tensor logProbabilities = nn.functional.log_softmax(logits, -1);
        return new Categorical(logProbabilities.exp(), logProbabilities, normalizer, fromLogits: true);
    }

    /// <summary>The cross-entropy of each row: the mean of −Σ_j t_ij·log p_ij over pairs of a prediction p and a target t.</summary>
    /// <param name="predictions">Batches of equal shape.</param>
    /// <param name="met">For each prediction the sum of the distributions that it meets, (k, d), or the numbers of the classes that it meets, (k, m); or null.</param>
    /// <param name="pairs">How many pairs these are.</param>
    /// <returns>(k).</returns>
    public static Tensor CrossEntropy(IReadOnlyList<Categorical> predictions, IReadOnlyList<Tensor?> met, long pairs)
    {
        Tensor sums = ViewSums.OfProducts(predictions, met, (prediction, targets) =>
            (targets.dtype == ScalarType.Int64 ? prediction.FlooredLogs().gather(1, targets) : targets * prediction.FlooredLogs()).sum(1));
        return sums * (-1.0 / pairs);
    }

    /// <summary>The same of views that are one, each of which meets distributions.</summary>
    /// <param name="predictions">(v, k, d).</param>
    /// <param name="met">For each view the sum of the distributions that it meets, (k, d).</param>
    /// <param name="pairs">How many pairs these are.</param>
    /// <returns>(k).</returns>
    public static Tensor CrossEntropy(Categorical predictions, IEnumerable<Tensor> met, long pairs) => (stack(met) * predictions.FlooredLogs()).sum([0, 2]) * (-1.0 / pairs);

    private Tensor FlooredLogs() => IsFromLogits
        ? _logProbabilities.masked_fill(_logProbabilities.isneginf(), _logProbabilities.dtype == ScalarType.Float64 ? s_floorInDouble : s_floor)
        : _logProbabilities;

    /// <summary>The logarithm of probabilities of this batch's kind, with the floor that its normaliser has.</summary>
    public Tensor Log(Tensor probabilities) => Log(probabilities, _normalizer);

    private static Tensor Log(Tensor probabilities, Normalizer normalizer) =>
        normalizer == Normalizer.Reference
            ? (probabilities + ReferenceFloor).log()
            : probabilities.clamp(min: finfo(probabilities.dtype).tiny).log();
}
