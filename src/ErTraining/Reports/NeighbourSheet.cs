using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Evaluation;
using ErLoss.Training.Data;
using static TorchSharp.torch;

namespace ErTraining.Reports;

/// <summary>A few test images, a row each, with the training images whose features are nearest: what an encoder takes for alike.</summary>
internal static class NeighbourSheet
{
    private const int Queries = 8, Neighbours = 6;

    /// <summary>A sheet: the test image first, then its neighbours, nearest first.</summary>
    /// <param name="encoder">Run in its evaluation mode; left in the mode it was in.</param>
    /// <param name="train">Where neighbours are looked for; on the encoder's device.</param>
    /// <param name="test">The first few are shown; likewise.</param>
    public static byte[] Png(Encoder encoder, ImageTensors train, ImageTensors test)
    {
        using var scope = NewDisposeScope();
        Tensor queries = test.Pixels.narrow(0, 0, Math.Min(Queries, test.Count));
        (_, Tensor nearest) = NearestNeighbours.Find(
            Features.Of(encoder, train.Pixels), Features.Of(encoder, queries), (int)Math.Min(Neighbours, train.Count));
        Tensor space = full_like(queries.narrow(0, 0, 1), byte.MaxValue);
        return ImageSheet.Png(
            [.. Enumerable.Range(0, (int)queries.shape[0]).Select(i => Pixels.ToUnit(cat([queries.narrow(0, i, 1), space, train.Pixels.index_select(0, nearest[i])])))]);
    }
}
