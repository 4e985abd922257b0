using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Sums over the kernels of a tile, whose type may be narrower than that of the sums.</summary>
internal static class TileSums
{
    /// <summary>The row sums of a tile, each kernel counted by the weight of its column; in the type given.</summary>
    public static Tensor OfRows(Tensor kernels, Tensor? columnWeights, ScalarType dtype) =>
        columnWeights is null ? kernels.sum(1, type: dtype)
        : kernels.dtype == dtype ? kernels.mv(columnWeights)
        : (kernels * columnWeights.to(kernels.dtype)).sum(1, type: dtype);

    /// <summary>Adds the row sums of a tile to sums of several tiles.</summary>
    /// <param name="sums">Of several tiles.</param>
    /// <param name="kernels">Of the tile.</param>
    /// <param name="columnWeights">How much each column counts.</param>
    /// <param name="areOnes">Whether each counts once.</param>
    public static void AddRows(Tensor sums, Tensor kernels, Tensor columnWeights, bool areOnes)
    {
        if (kernels.dtype == sums.dtype)
        {
            sums.addmv_(kernels, columnWeights);
        }
        else
        {
            sums.add_(OfRows(kernels, areOnes ? null : columnWeights, sums.dtype));
        }
    }

    /// <summary>Adds a product to sums, or puts it in their place where it is the first. A product of bfloat16 is summed in float32, and rounded before it is added.</summary>
    public static void AddProduct(Tensor sums, Tensor left, Tensor right, bool isFirst)
    {
        if (left.dtype == sums.dtype)
        {
            sums.addmm_(left, right, beta: isFirst ? 0 : 1);
        }
        else if (isFirst)
        {
            sums.copy_(left.mm(right));
        }
        else
        {
            sums.add_(left.mm(right));
        }
    }
}
