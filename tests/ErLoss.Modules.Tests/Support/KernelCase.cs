using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>
/// Weights, ids and further centres of a batch on the sphere, as tensors for the library and, in double loops, as the numbers of the definition.
/// </summary>
/// <param name="Name">Of the case.</param>
internal sealed record KernelCase(string Name)
{
    public double[]? Weights { get; init; }

    public bool[]? Mask { get; init; }

    public long[]? Ids { get; init; }

    public double[,]? Centers { get; init; }

    public double[]? CenterWeights { get; init; }

    public long[]? CenterIds { get; init; }

    public ProjectedViews Views(Tensor[] projections, Tensor? centers) => new(projections)
    {
        Weights = OrNull(Weights),
        Mask = Mask is null ? null : tensor(Mask),
        Ids = Ids is null ? null : tensor(Ids),
        Centers = centers is null ? [] : [new(centers) { Weights = OrNull(CenterWeights), Ids = CenterIds is null ? null : tensor(CenterIds) }],
    };

    /// <summary>−log p̂(z_i) of rows of unit norm, but for log C_d(κ), and how much each row counts.</summary>
    public (double[] Values, double[] Shares) RowValues(double[,] z, double[,]? y, double kappa, bool leaveOneOut)
    {
        int k = z.GetLength(0), m = y?.GetLength(0) ?? 0;
        double[] u = [.. Enumerable.Range(0, k).Select(i => Mask?[i] == false ? 0 : Weights?[i] ?? 1)];
        double[] v = [.. u, .. Enumerable.Range(0, m).Select(j => CenterWeights?[j] ?? 1)];
        // Whether centre j bears row i's id, itself included.
        bool IsOwn(int i, int j) => i == j || (Ids is not null && (j < k ? Ids[i] == Ids[j] : CenterIds is not null && CenterIds[j - k] == Ids[i]));
        double Cosine(int i, int j) => j < k ? z.Dot(i, z, j) : z.Dot(i, y!, j - k);
        var values = new double[k];
        var shares = new double[k];
        for (int i = 0; i < k; i++)
        {
            int[] others = [.. Enumerable.Range(0, k + m).Where(j => !IsOwn(i, j))], owns = [.. Enumerable.Range(0, k + m).Where(j => IsOwn(i, j))];
            (double Weight, double Cosine)[] kernels =
            [
                .. others.Select(j => (v[j], Cosine(i, j))),
                .. leaveOneOut ? [] : ((double, double)[])[(owns.Sum(j => v[j]), Cosine(i, i))],
            ];
            kernels = [.. kernels.Where(kernel => kernel.Weight > 0)];
            if (u[i] > 0 && kernels.Length > 0)
            {
                double largest = kernels.Max(kernel => kernel.Cosine), sum = kernels.Sum(kernel => kernel.Weight * Math.Exp(kappa * (kernel.Cosine - largest)));
                values[i] = -(Math.Log(sum / (leaveOneOut ? kernels.Sum(kernel => kernel.Weight) : v.Sum())) + kappa * largest);
                shares[i] = u[i];
            }
        }
        double total = shares.Sum();
        return (values, total == 0 ? shares : [.. shares.Select(share => share / total)]);
    }

    public double Entropy(double[,] z, double[,]? y, double kappa, EntropyEstimator estimator, bool leaveOneOut)
    {
        (double[] values, double[] shares) = RowValues(z, y, kappa, leaveOneOut);
        if (estimator == EntropyEstimator.PlugIn)
        {
            double[] q = [.. values.Zip(shares, (value, share) => share * Math.Exp(-value))];
            double total = q.Sum();
            shares = total == 0 ? q : [.. q.Select(x => x / total)];
        }
        return shares.Zip(values, (share, value) => share * value).Sum();
    }

    public override string ToString() => Name;

    private static Tensor? OrNull(double[]? values) => values is null ? null : tensor(values);
}
