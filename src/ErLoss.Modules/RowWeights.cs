using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>How much each row of a batch counts.</summary>
internal sealed class RowWeights
{
    private static readonly Scalar s_zero = 0; // kept, as a number's conversion may be freed before native code reads it

    private readonly Tensor _isAbsent;

    private RowWeights(Tensor values)
    {
        Values = values;
        _isAbsent = values.eq(0);
        Tensor sum = values.sum();
        Any = sum.gt(0).to(ScalarType.Float64);
        Shares = values / (sum + (1 - Any));
    }

    /// <summary>Zero or positive, (k) in float64. The rows whose weight is zero do not count.</summary>
    public Tensor Values { get; }

    /// <summary>The weights divided by their sum; zeros where no row counts. (k) in float64.</summary>
    public Tensor Shares { get; }

    /// <summary>One where a row counts, zero where none does: a scalar in float64.</summary>
    public Tensor Any { get; }

    /// <summary>The weights of views' examples: the masked ones have the weight zero. Null where each example has the weight one.</summary>
    public static RowWeights? Of(Tensor? weights, Tensor? mask) => (weights, mask) switch
    {
        (null, null) => null,
        (null, not null) => new RowWeights(mask.to(ScalarType.Float64)),
        (not null, null) => new RowWeights(weights.to(ScalarType.Float64)),
        // A masked weight may be anything, so that it is replaced and not multiplied.
        (not null, not null) => new RowWeights(weights.to(ScalarType.Float64).masked_fill(mask.eq(0), s_zero)),
    };

    /// <summary>Those weights, and zero for rows that <paramref name="count"/> (k, of bool) leaves out.</summary>
    public static RowWeights Of(RowWeights? weights, Tensor count) =>
        new(weights is null ? count.to(ScalarType.Float64) : weights.Values.masked_fill(count.eq(0), s_zero));

    /// <summary>Rows of a batch, (k, …), with zeros in place of what does not count, whatever that was.</summary>
    public Tensor Fill(Tensor rows) => Fill(rows, s_zero);

    /// <summary>The same with another number in their place.</summary>
    public Tensor Fill(Tensor rows, Scalar value) => rows.masked_fill(rows.dim() == 1 ? _isAbsent : _isAbsent.unsqueeze(1), value);

    /// <summary>The mean of (k) values over the rows, each counted by its weight: a scalar of the values' type.</summary>
    public Tensor Mean(Tensor values) => values.dot(Shares.to(values.dtype));
}
