using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Rows divided by their Euclidean norms: points on the sphere, and the zero vector where a row has no direction.</summary>
/// <remarks>
/// <para>
/// Each row is divided by its largest absolute entry first, unless the rows are on a CPU and their norms are ordinary. Its squares are then neither too small nor too large for their type, so that the
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
    // Norms are at least one when they are divided by, but for those of zero.
    private const double LeastNorm = 0.5;

    // Between them neither the squares of entries nor the gradients come near the ends of float32.
    private const double ShortestOrdinary = 1e-3, LongestOrdinary = 1e10;

    /// <summary>Directions of (k, d) rows where inputs are normalised, else the rows as they are; in float32 at least.</summary>
    public static Tensor Read(Tensor projections, bool normalizeInputs) =>
        normalizeInputs ? Normalize(projections) : FloatConversion.AtLeastSingle(projections);

    /// <summary>The same of several tensors of one shape and type, as they are given.</summary>
    /// <param name="projections">(k, d) each.</param>
    /// <param name="weights">Which rows count; the others become zeros.</param>
    /// <param name="normalizeInputs">Whether inputs are normalised.</param>
    public static Tensor[] Read(IReadOnlyList<Tensor> projections, RowWeights? weights, bool normalizeInputs)
    {
        return (normalizeInputs ? ViewBatch.Of(projections) : null) is { } batch ? ReadOne(batch).unbind(0) : [.. projections.Select(ReadOne)];

        Tensor ReadOne(Tensor rows) => Read(weights?.Fill(rows) ?? rows, normalizeInputs);
    }

    /// <summary>Directions of (…, d) rows, in float32 at least.</summary>
    public static Tensor Normalize(Tensor projections)
    {
        Tensor rows = FloatConversion.AtLeastSingle(projections);
        return projections.device_type == DeviceType.CPU && rows.numel() > 0 && OfOrdinaryNorms(rows, finfo(projections.dtype).tiny) is { } directions ? directions : OfAnyNorms(projections, rows);
    }

    /// <summary>
    /// Directions by fewer operations, where no row is so long or so short that its scale would matter; null where one is. What it reads back would make the host wait for a GPU.
    /// </summary>
    private static Tensor? OfOrdinaryNorms(Tensor rows, double normal)
    {
        Tensor norms = linalg.vector_norm(rows, 2, [-1], keepdim: true);
        (Tensor least, Tensor most) = norms.detach().aminmax();
        (double shortest, double longest) = (least.ToDouble(), most.ToDouble());
        bool areOrdinary = shortest >= Math.Max(ShortestOrdinary, normal * Math.Sqrt(rows.shape[^1])) && longest <= LongestOrdinary;
        // Rows of norm one are copied as well: the backward pass may need them after the user has written into his tensor, and cannot have an inference tensor.
        return areOrdinary ? rows / norms : null;
    }

    private static Tensor OfAnyNorms(Tensor projections, Tensor rows)
    {
        // Absolute values by a function that the meta device has too, as it has no other of one operation.
        Tensor largest = nn.functional.leaky_relu(rows.detach(), negative_slope: -1).amax([-1], keepdim: true);
        double normal = finfo(projections.dtype).tiny, least = normal * finfo(projections.dtype).eps;
        Tensor divisors = largest.clamp_min(normal), scaled = rows / divisors;
        // Outside the graph: the value is that of division by the largest entry, the gradient that of the divisor.
        scaled.detach().mul_(divisors / largest.clamp_min(least));
        // Division by infinity makes the gradient of a row of zeros zero.
        return scaled / nn.functional.threshold(linalg.vector_norm(scaled, 2, [-1], keepdim: true), LeastNorm, double.PositiveInfinity);
    }
}
