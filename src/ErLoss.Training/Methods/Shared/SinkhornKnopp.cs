using ErLoss.Modules.Distributed;
using ErLoss.Training.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Training.Methods;

/// <summary>
/// Assignments of embeddings to prototypes that share the prototypes out evenly: entropy-regularised optimal transport by Sinkhorn and Knopp's
/// scaling of rows and columns (Cuturi, "Sinkhorn Distances", NeurIPS 2013; Caron et al., NeurIPS 2020, section 3.1).
/// </summary>
internal static class SinkhornKnopp
{
    /// <summary>Assignments, (k, prototypes): rows that sum to one, columns that sum to nearly K/prototypes, K being the rows of all ranks.</summary>
    /// <param name="scores">(k, prototypes), how well each embedding suits each prototype; or several such matrices, (n, k, prototypes), that do not depend on each other.</param>
    /// <param name="epsilon">Weight of the entropy; positive. The smaller, the harder the assignments.</param>
    /// <param name="iterations">Scalings of columns and rows.</param>
    /// <param name="group">The ranks that have a part of the rows each, if there are several.</param>
    public static Tensor Assign(Tensor scores, double epsilon, int iterations, ProcessGroup? group = null)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        // In logarithms, where a prototype that suits nobody is no division by zero.
        Tensor log = scores / epsilon;
        for (int i = 0; i < iterations; i++)
        {
            // Once columns sum to one, rows sum to the number of prototypes at most, so that columns then sum to its inverse at least and to K at most.
            log = log - AcrossRanks.LogSumExp(group, log, isBounded: i > 0);
            log = log - log.logsumexp(-1, keepdim: true);
        }
        return log.exp().MoveToOuterDisposeScope();
    }
}
