using ErLoss.Training.Data;
using static TorchSharp.torch;

namespace ErLoss.Training.Embeddings;

/// <summary>The features of some images of a listing that follow each other.</summary>
/// <param name="Features">(n, d), float32, of the images that could be read, in their order; n may be 0.</param>
/// <param name="First">Index of the first image, whether it could be read or not.</param>
/// <param name="LeftOut">The images among them that could not be read.</param>
internal sealed record FeatureBatch(Tensor Features, int First, IReadOnlyList<UnreadableImage> LeftOut)
{
    /// <summary>Index of the image after the last one.</summary>
    public int End => First + (int)Features.shape[0] + LeftOut.Count;

    /// <summary>The index of the image of each row.</summary>
    public IEnumerable<int> Images => Enumerable.Range(First, End - First).Except(LeftOut.Select(image => image.Index));
}
