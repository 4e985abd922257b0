using ErTraining.Data;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErTraining.Methods;

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
        Tensor centroids = rows.index_select(0, tensor(random.Permutation(rowCount)[..count], device: rows.device));
        Tensor assignments = rows.mm(centroids.t()).argmax(1);
        for (int i = 1; i < iterations; i++)
        {
            Tensor sums = zeros_like(centroids).index_add_(0, assignments, rows, 1);
            Tensor sizes = assignments.bincount(weights: null, minlength: count);
            Tensor empty = sizes.eq(0).unsqueeze(1);
            Tensor anew = rows.index_select(0, tensor(random.Permutation(rowCount)[..count], device: rows.device));
            centroids = functional.normalize(where(empty, anew, sums), dim: 1);
            assignments = rows.mm(centroids.t()).argmax(1);
        }
        return (centroids.MoveToOuterDisposeScope(), assignments.MoveToOuterDisposeScope());
    }
}
