using ErLoss.SelfSupervised.Encoders;
using static TorchSharp.torch;

namespace ErLoss.Training.Methods;

/// <summary>Features of all crops of a batch.</summary>
internal static class CropFeatures
{
    /// <summary>
    /// Features of the two views, and after them those of the small crops. The encoder is called once for each size of images, as DINO's and SwAV's authors do: batch normalisation in it has
    /// statistics of one size then, and the head that is put on the features has those of all crops.
    /// </summary>
    /// <param name="encoder">The encoder.</param>
    /// <param name="views">(2k, 3, h, w): the first view of each image, then the second.</param>
    /// <param name="smallCrops">As <see cref="ViewBatch.SmallCrops"/>.</param>
    /// <returns>((2 + n)·k, features).</returns>
    public static Tensor Compute(Encoder encoder, Tensor views, Tensor? smallCrops) =>
        smallCrops is null ? encoder.call(views) : cat([encoder.call(views), encoder.call(smallCrops)]);
}
