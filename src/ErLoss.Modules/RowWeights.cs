using ErLoss.Modules.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>How much each row of a batch counts.</summary>
internal sealed class RowWeights
{
    private static readonly Scalar s_zero = 0; // kept, as a number's conversion may be freed before native code reads it

    private readonly Tensor _isAbsent;
    private readonly RowWeights? _all;

    private RowWeights(Tensor values, bool areCounts)
    {
        Values = values;
        AreCounts = areCounts;
        _isAbsent = values.eq(0);
        Total = values.sum();
        Any = Total.gt(0).to(ScalarType.Float64);
        if (areCounts || values.shape[0] == 0)
        {
            Shares = values / Total.clamp_min(1);
            return;
        }
        // Divided by the largest first, so that the sum of weights of any scale is finite.
        Tensor none = Total.eq(0), scaled = values / (values.amax([0]) + none);
        Shares = scaled / (scaled.sum() + none);
    }

    /// <summary>Those of one rank's rows.</summary>
    private RowWeights(RowWeights all, Tensor values, Tensor shares)
    {
        _all = all;
        (Values, Shares) = (values, shares);
        (AreCounts, Total, Any) = (all.AreCounts, all.Total, all.Any);
        _isAbsent = values.eq(0);
    }

    /// <summary>The weights of the rows of all ranks; the same object where there is one process.</summary>
    public RowWeights All => _all ?? this;

    /// <summary>Whether every weight is zero or one.</summary>
    public bool AreCounts { get; }

    /// <summary>Zero or positive, (k) in float64. The rows whose weight is zero do not count.</summary>
    public Tensor Values { get; }

    /// <summary>The sum of the weights, over all ranks: a scalar in float64.</summary>
    public Tensor Total { get; }

    /// <summary>The weights divided by that sum; zeros where no row counts. (k) in float64.</summary>
    public Tensor Shares { get; }

    /// <summary>One where a row of any rank counts, zero where none does: a scalar in float64.</summary>
    public Tensor Any { get; }

    /// <summary>The weights of views' examples: the masked ones have the weight zero. Null where each example has the weight one.</summary>
    public static RowWeights? Of(Tensor? weights, Tensor? mask) => (weights, mask) switch
    {
        (null, null) => null,
        (null, not null) => new RowWeights(mask.to(ScalarType.Float64), areCounts: true),
        (not null, null) => new RowWeights(weights.to(ScalarType.Float64), areCounts: false),
        // A masked weight may be anything, so that it is replaced and not multiplied.
        (not null, not null) => new RowWeights(weights.to(ScalarType.Float64).masked_fill(mask.bitwise_not(), s_zero), areCounts: false),
    };

    /// <summary>The same of this rank's rows in the global batch, where they are shares of the weights of all.</summary>
    public static RowWeights? Of(Tensor? weights, Tensor? mask, GlobalBatch batch) =>
        Of(weights, mask) is not { } own ? null : batch.IsAlone ? own : new RowWeights(batch.Gather(own.Values), own.AreCounts).Own(batch);

    /// <summary>Of the weights of all ranks' rows those of this rank's.</summary>
    public RowWeights Own(GlobalBatch batch) => batch.IsAlone ? this : new RowWeights(this, batch.Own(Values), batch.Own(Shares));

    /// <summary>Those weights, and zero for rows that <paramref name="count"/> (k, of bool) leaves out.</summary>
    public static RowWeights Of(RowWeights? weights, Tensor count) =>
        new(weights is null ? count.to(ScalarType.Float64) : weights.Values.masked_fill(count.bitwise_not(), s_zero), weights?.AreCounts ?? true);

    /// <summary>The weight one for each of a number of rows.</summary>
    public static RowWeights Ones(long rows, Device device) => new(ones(rows, dtype: ScalarType.Float64, device: device), areCounts: true);

    /// <summary>What the values of rows give: their mean, a scalar of their type, or the values themselves, (k), with zeros for rows that do not count.</summary>
    /// <param name="weights">Null where each row has the weight one.</param>
    /// <param name="values">(k), finite wherever rows do not count.</param>
    /// <param name="each">Whether the values are wanted, and not their mean.</param>
    public static Tensor Reduce(RowWeights? weights, Tensor values, bool each) =>
        each ? weights?.Fill(values) ?? values : weights?.Mean(values) ?? values.mean();

    /// <summary>What <see cref="Reduce"/> makes of a constant of one for each row, in float64; null where that is one.</summary>
    public static Tensor? CountOf(RowWeights? weights, bool each) => each ? weights?._isAbsent.bitwise_not().to(ScalarType.Float64) : weights?.Any;

    /// <summary>Rows of a batch, (k, …), with zeros in place of what does not count, whatever that was.</summary>
    public Tensor Fill(Tensor rows) => Fill(rows, s_zero);

    /// <summary>The same with another number in their place.</summary>
    public Tensor Fill(Tensor rows, Scalar value) => rows.masked_fill(rows.dim() == 1 ? _isAbsent : _isAbsent.unsqueeze(1), value);

    /// <summary>The mean of (k) values over the rows, each counted by its weight: a scalar of the values' type. Of one rank's rows it is their part of the mean over all.</summary>
    public Tensor Mean(Tensor values) => (values * Shares.to(values.dtype)).sum();

    /// <summary>The same of (…, k, d) rows: (…, d).</summary>
    public Tensor MeanOfRows(Tensor rows) => Shares.to(rows.dtype).unsqueeze(0).matmul(rows).squeeze(-2);
}
