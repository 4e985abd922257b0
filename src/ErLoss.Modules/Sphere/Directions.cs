using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Rows divided by their Euclidean norms: points on the sphere, and the zero vector where a row has no direction.</summary>
/// <remarks>
/// <para>
/// Each row is divided by its largest absolute entry first. Its squares are then neither too small nor too large for their type, so that the
/// direction of a finite row does not depend on its scale. Nothing is read back from a GPU. A row that holds an infinity or NaN gives NaN.
/// </para>
/// <para>
/// The gradient of a row is inversely proportional to the row's norm. A row of zeros has no direction: its gradient is exactly zero. A row whose
/// entries are all below the smallest normal number of their type (6.1e-5 in float16, 1.2e-38 in bfloat16 and float32) gets the gradient of a row of
/// that size, since its own would soon exceed the type's largest number. Even so a gradient can be infinite where its size per unit of norm is
/// above about four, as it can be for a κ of 50 and two rows of 1e-5 in float16.
/// </para>
/// </remarks>
internal static class Directions
{
    // Kept: TorchSharp may free a number's conversion before native code reads it, and masked_fill copies a tensor first.
    private static readonly Scalar s_infinity = double.PositiveInfinity;

    // Norms are at least one when they are divided by, but for those of zero.
    private const double LeastNorm = 0.5;

    /// <summary>Directions of (k, d) rows where inputs are normalised, else the rows as they are; in float32 at least.</summary>
    public static Tensor Read(Tensor projections, bool normalizeInputs) =>
        normalizeInputs ? Normalize(projections) : FloatConversion.AtLeastSingle(projections);

    /// <summary>Directions of (k, d) rows, in float32 at least.</summary>
    public static Tensor Normalize(Tensor projections)
    {
        Tensor rows = FloatConversion.AtLeastSingle(projections), values = rows.detach();
        Tensor largest = maximum(values.amax([1], keepdim: true), -values.amin([1], keepdim: true));
        double normal = finfo(projections.dtype).tiny, least = normal * finfo(projections.dtype).eps;
        Tensor divisors = largest.clamp_min(normal);
        // Division by infinity makes the gradient of a row of zeros zero.
        Tensor scaled = rows / divisors.masked_fill(largest.eq(0), s_infinity);
        // Outside the graph: the value is that of division by the largest entry, the gradient that of the divisor.
        scaled.detach().mul_(divisors / largest.clamp_min(least));
        return nn.functional.normalize(scaled, dim: 1, eps: LeastNorm);
    }
}
