using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The kernels of rows against centres that are no rows of the batch: their sums, and the gradient of any function of these.</summary>
internal interface ICenterKernels
{
    /// <summary>For each row log Σ_j v_j·exp(κ·z_i·y_j) in float64, (n); −∞ where there is no centre.</summary>
    Tensor LogSums();

    /// <summary>
    /// With c_i = a_i/Σ_j E_ij, κ·Σ_j c_i·E_ij·y_j in the rows, (n, d): the gradient of a function whose derivative in row i's log-sum is a_i, (n). The log-sums may have grown by
    /// kernels that are not here; +∞ stands for a row without gradient.
    /// </summary>
    Tensor RowGradient(Tensor slopes, Tensor logSums);

    /// <summary>The same in the centres, κ·Σ_i c_i·E_ij·z_i, (m, d).</summary>
    Tensor CenterGradient(Tensor slopes, Tensor logSums);
}
