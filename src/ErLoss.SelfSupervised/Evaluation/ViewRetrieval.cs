using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Evaluation;

/// <summary>
/// A check of projections that needs no labels: how often the nearest of all projections is the one of the same image's other view.
/// </summary>
/// <remarks>
/// It is 1 where each image is told from all others whatever its views are, and about 1/(2n − 1) where projections say nothing about their image. It falls as n grows, so compare values of the same n.
/// </remarks>
public static class ViewRetrieval
{
    private const int BatchSize = 512;
    private const double BelowAllCosines = -2;

    /// <summary>The fraction of the 2n projections to which, by cosine, the projection of the other view is nearer than all others. A tie is a miss, so that collapsed projections come to 0.</summary>
    /// <param name="projections1">(n, d), floating-point and finite, of one view of each image. Their lengths do not matter.</param>
    /// <param name="projections2">(n, d), of the other view of each image, in the same order, of the same type and on the same device.</param>
    /// <param name="cancellation">Checked between batches.</param>
    /// <exception cref="ArgumentException">The projections are not as said above.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static double Accuracy(Tensor projections1, Tensor projections2, CancellationToken cancellation = default)
    {
        Arguments.CheckRows(projections1);
        Arguments.CheckRows(projections2);
        Arguments.CheckAlike(projections2, projections1);
        if (projections1.shape[0] != projections2.shape[0])
        {
            throw new ArgumentException($"There are {projections2.shape[0]} rows; {projections1.shape[0]} are wanted, one for each row of the other view.", nameof(projections2));
        }
        Arguments.CheckFinite(projections1);
        Arguments.CheckFinite(projections2);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Tensor all = UnitRows.Create(cat([projections1, projections2]));
        long images = projections1.shape[0], correct = 0;
        for (long start = 0; start < 2 * images; start += BatchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            using var batchScope = NewDisposeScope();
            long count = Math.Min(BatchSize, 2 * images - start);
            Tensor own = arange(start, start + count, device: all.device).unsqueeze(1), other = (own + images).remainder(2 * images);
            Tensor cosines = all.narrow(0, start, count).mm(all.t());
            Tensor ofOther = cosines.gather(1, other), ofRest = cosines.scatter_(1, cat([own, other], 1), full(count, 2, BelowAllCosines, cosines.dtype, cosines.device)).amax([1], keepdim: true);
            correct += ofOther.gt(ofRest).sum().item<long>();
        }
        return correct / (2.0 * images);
    }
}
