using static TorchSharp.torch;

namespace ErLoss.Training.Views;

/// <summary>Width and height of a random crop, as shares of those of the image: the area is uniform, the aspect uniform in its logarithm.</summary>
internal static class CropShape
{
    /// <summary>How many times area and aspect are drawn at most where a crop that does not fit is drawn again.</summary>
    public const int Tries = 10;

    /// <summary>Uniform numbers that a crop takes for the further tries.</summary>
    public const int FurtherDraws = 2 * (Tries - 1);

    private const double WidestAspect = 4.0 / 3;      // and its inverse

    /// <summary>The shape of a crop of each image, cut at the border where it is too large.</summary>
    /// <param name="area">(k), uniform on [0, 1).</param>
    /// <param name="aspect">(k), likewise.</param>
    /// <param name="leastArea">The smallest share of the image's area.</param>
    /// <param name="mostArea">The largest.</param>
    /// <returns>(k) each, at most 1.</returns>
    public static (Tensor Width, Tensor Height) Clamped(Tensor area, Tensor aspect, double leastArea, double mostArea)
    {
        (Tensor width, Tensor height) = Drawn(area, aspect, leastArea, mostArea);
        return (width.clamp_max_(1), height.clamp_max_(1));
    }

    /// <summary>The shape of a crop of each image: that of the first of <see cref="Tries"/> tries that fits into the image; the whole image if none does.</summary>
    /// <param name="area">(k), uniform on [0, 1), of the first try.</param>
    /// <param name="aspect">(k), likewise.</param>
    /// <param name="further">(<see cref="FurtherDraws"/>, k), likewise, of the further tries: first all areas, then all aspects.</param>
    /// <param name="leastArea">The smallest share of the image's area.</param>
    /// <param name="mostArea">The largest.</param>
    /// <returns>(k) each, at most 1.</returns>
    public static (Tensor Width, Tensor Height) FirstThatFits(Tensor area, Tensor aspect, Tensor further, double leastArea, double mostArea)
    {
        (Tensor width, Tensor height) = Drawn(
            cat([area.unsqueeze(0), further.narrow(0, 0, Tries - 1)]), cat([aspect.unsqueeze(0), further.narrow(0, Tries - 1, Tries - 1)]), leastArea, mostArea);
        Tensor fits = width.le(1).logical_and(height.le(1));
        Tensor order = arange(Tries, 0, -1, dtype: ScalarType.Int64, device: area.device).unsqueeze(1); // the earlier a try, the larger
        (Tensor rank, Tensor first) = (fits.to(ScalarType.Int64) * order).max(0);
        return (Of(width), Of(height));

        Tensor Of(Tensor lengths) => where(rank > 0, lengths.gather(0, first.unsqueeze(0)).squeeze(0), ones_like(area));
    }

    private static (Tensor Width, Tensor Height) Drawn(Tensor area, Tensor aspect, double leastArea, double mostArea)
    {
        Tensor side = (area * (mostArea - leastArea) + leastArea).sqrt();
        Tensor rootAspect = ((aspect - 0.5) * Math.Log(WidestAspect)).exp(); // sqrt of an aspect between 3/4 and 4/3, uniform in log
        return (side * rootAspect, side / rootAspect);
    }
}
