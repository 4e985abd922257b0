using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// Further rows from which densities are estimated, beside those of the batch: past projections (<see cref="ProjectionQueue"/>), given negatives, or rows of
/// another encoder. No entropy of their own is computed.
/// </summary>
/// <remarks>
/// <para>
/// On the sphere each row is the centre of one more kernel. On classes the rows are distributions that enter the marginal; a past batch can enter as one
/// row, its mean distribution, with the number of its examples as weight.
/// </para>
/// <para>The object holds the tensors and copies nothing. It disposes nothing.</para>
/// </remarks>
public sealed class Centers
{
    /// <summary>Rows as further centres.</summary>
    /// <param name="rows">
    /// (m, d) of the projections' dtype and device; m may be 0. On the sphere they are normalised if the projections are
    /// (<see cref="EntropyReconstructionOptions.NormalizeInputs"/>); on classes they are probabilities, which are used as given. Gradient flows into them if they
    /// require it.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="rows"/> is null.</exception>
    public Centers(Tensor rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        Rows = rows;
    }

    /// <summary>The rows, (m, d).</summary>
    public Tensor Rows { get; }

    /// <summary>
    /// Weight of each row, (m) of a floating-point type or int64, zero or positive, in the unit of <see cref="ProjectedViews.Weights"/>: an example of the batch has
    /// the weight one unless these say otherwise. By default each row has the weight one. No gradient flows into weights. A row of weight
    /// zero is left out, and may hold anything, NaN included.
    /// </summary>
    public Tensor? Weights { get; init; }

    /// <summary>
    /// Id of each row, (m) of int64. A row is no centre for the rows of the batch that have its id; see <see cref="ProjectedViews.Ids"/>, which must be given too.
    /// By default each row is a centre for all. Sphere only.
    /// </summary>
    public Tensor? Ids { get; init; }
}
