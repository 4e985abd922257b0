using ErLoss.Training.Randomness;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Training.Methods;

/// <summary>Clusters of directions by k-means with cosines (Dhillon and Modha, "Concept Decompositions for Large Sparse Text Data using Clustering", 2001).</summary>
internal static class SphericalKMeans
{
    /// <summary>Clusters unit rows.</summary>
    /// <param name="rows">(n, d), unit rows.</param>
    /// <param name="count">Number of clusters; n at most.</param>
    /// <param name="iterations">Assignments made; the last stands with the centroids it was made by.</param>
    /// <param name="random">Draws the rows that the centroids start at and those that an empty cluster starts at anew.</param>
    /// <returns>Unit centroids (count, d), and the cluster of each row, (n) int64.</returns>
    public static (Tensor Centroids, Tensor Assignments) Fit(Tensor rows, int count, int iterations, RandomStream random)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        int rowCount = (int)rows.shape[0];
        Tensor centroids = Drawn();
        Tensor assignments = Nearest(rows, centroids);
        for (int i = 1; i < iterations; i++)
        {
            using var iteration = NewDisposeScope(); // a score matrix can have gigabytes: none may outlive its iteration
            Tensor sums = zeros_like(centroids).index_add_(0, assignments, rows, 1);
            Tensor sizes = assignments.bincount(weights: null, minlength: count);
            Tensor moved = functional.normalize(where(sizes.eq(0).unsqueeze(1), Drawn(), sums), dim: 1);
            centroids.Dispose();
            assignments.Dispose();
            centroids = moved.MoveToOuterDisposeScope();
            assignments = Nearest(rows, centroids).MoveToOuterDisposeScope();
        }
        return (centroids.MoveToOuterDisposeScope(), assignments.MoveToOuterDisposeScope());

        Tensor Drawn() => rows.index_select(0, tensor(random.Permutation(rowCount)[..count], device: rows.device));
    }

    private static Tensor Nearest(Tensor rows, Tensor centroids)
    {
        using var scope = NewDisposeScope();
        return rows.mm(centroids.t()).argmax(1).MoveToOuterDisposeScope();
    }
}
