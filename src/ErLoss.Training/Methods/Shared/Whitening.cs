using static TorchSharp.torch;

namespace ErLoss.Training.Methods;

/// <summary>Rows turned so that their directions vary alike, by principal components.</summary>
internal static class Whitening
{
    /// <summary>The leading principal components of rows, each scaled to variance one: (n, d) to (n, <paramref name="components"/>), of the rows' type.</summary>
    /// <remarks>
    /// It computes in float64. Covariances of features are of deficient rank, and in float32 CUDA's eigh is known not to converge on such
    /// (https://github.com/pytorch/pytorch/issues/94772).
    /// </remarks>
    /// <param name="rows">(n, d).</param>
    /// <param name="components">How many are kept; d at most.</param>
    public static Tensor Apply(Tensor rows, int components)
    {
        const double SmallestShare = 1e-6; // of the largest variance: a direction in which nothing varies is not blown up

        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Tensor wide = rows.to(ScalarType.Float64);
        Tensor centred = wide - wide.mean([0], keepdim: true);
        (Tensor variances, Tensor axes) = linalg.eigh(centred.t().mm(centred) / rows.shape[0]);
        long kept = Math.Min(components, rows.shape[1]), first = rows.shape[1] - kept; // variances ascend
        Tensor scale = variances.narrow(0, first, kept).maximum(variances.max() * SmallestShare).rsqrt();
        return (centred.mm(axes.narrow(1, first, kept)) * scale).to(rows.dtype).MoveToOuterDisposeScope();
    }
}
