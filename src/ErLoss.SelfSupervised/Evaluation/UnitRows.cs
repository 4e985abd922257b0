using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Evaluation;

/// <summary>Rows divided by their Euclidean norms.</summary>
internal static class UnitRows
{
    /// <summary>
    /// Unit rows in float32 or float64, whatever the scale of a row is: each is divided by its largest absolute entry first, so that its squares neither overflow nor become zero.
    /// A row of zeros stays as it is.
    /// </summary>
    /// <param name="rows">(n, d), floating-point and finite.</param>
    public static Tensor Create(Tensor rows)
    {
        using var scope = NewDisposeScope();
        Tensor single = rows.dtype is ScalarType.Float16 or ScalarType.BFloat16 ? rows.to(ScalarType.Float32) : rows;
        Tensor largest = single.detach().abs().amax([1], keepdim: true); // a constant for gradients, as unit rows do not depend on it
        return nn.functional.normalize(Scale(single, largest), dim: 1).MoveToOuterDisposeScope();
    }

    /// <summary>The rows divided by their largest absolute entry, each by its own or all by one; zeros stay zeros.</summary>
    public static Tensor Scale(Tensor rows, Tensor largest) => rows / where(largest.eq(0), ones_like(largest), largest);
}
