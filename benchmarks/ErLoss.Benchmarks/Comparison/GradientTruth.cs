using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>
/// Tangential gradients of Joe's entropy and of the loss in the first of two batches of unit rows, in float64 by ordinary operators, band by band of the k×k matrix. Nothing of the library
/// takes part.
/// </summary>
internal sealed class GradientTruth : IDisposable
{
    // Beyond so many rows it would take longer than what it checks.
    private const int MostOnCpu = 8192, MostElsewhere = 65_536;

    private const int PairsAtOnce = 1 << 24;

    private readonly Tensor _directions;

    private GradientTruth(Tensor directions, Tensor entropy, Tensor loss) => (_directions, Entropy, Loss) = (directions, entropy, loss);

    /// <summary>Of the first view's entropy, (k, d).</summary>
    public Tensor Entropy { get; }

    /// <summary>Of the loss with weights of one, (k, d).</summary>
    public Tensor Loss { get; }

    /// <summary>The truth for two batches of unit rows; null where they are too many.</summary>
    public static GradientTruth? Compute(Tensor view1, Tensor view2, double kappa)
    {
        long k = view1.shape[0];
        if (k > (view1.device_type == DeviceType.CPU ? MostOnCpu : MostElsewhere))
        {
            return null;
        }
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Tensor z = Directions(view1), entropy = OfEntropy(z, kappa), loss = Tangential(-kappa / k * Directions(view2), z) - entropy / 2;
        return new GradientTruth(z.DetachFromDisposeScope(), entropy.DetachFromDisposeScope(), loss.DetachFromDisposeScope());
    }

    /// <summary>The error of a gradient's tangential part, relative in norm.</summary>
    /// <param name="gradient">(k, d).</param>
    /// <param name="truth">One of the two.</param>
    public double ErrorOf(Tensor gradient, Tensor truth) =>
        ((Tangential(gradient.detach().to(ScalarType.Float64), _directions) - truth).norm() / truth.norm()).ToDouble();

    /// <inheritdoc/>
    public void Dispose()
    {
        _directions.Dispose();
        Entropy.Dispose();
        Loss.Dispose();
    }

    /// <summary>−κ/k·Σ_j E_ij·(1/s_i + 1/s_j)·z_j over all rows but i, whose own share is along z_i.</summary>
    private static Tensor OfEntropy(Tensor z, double kappa)
    {
        long k = z.shape[0], band = Math.Clamp(PairsAtOnce / k, 1, k);
        Tensor logSums = empty(k, dtype: z.dtype, device: z.device), gradient = empty_like(z);
        ForEachBand(rows => logSums[rows].copy_((kappa * z[rows].mm(z.t())).logsumexp(1)));
        ForEachBand(rows =>
        {
            Tensor exponents = kappa * z[rows].mm(z.t());
            exponents.diagonal(rows.Start.Value).fill_(double.NegativeInfinity);
            Tensor kernels = (exponents - logSums[rows].unsqueeze(1)).exp_().add_((exponents - logSums).exp_());
            gradient[rows].copy_(-kappa / k * kernels.mm(z));
        });
        return Tangential(gradient, z);

        void ForEachBand(Action<Range> action)
        {
            for (int top = 0; top < k; top += (int)band)
            {
                using var scope = NewDisposeScope();
                action(top..(int)Math.Min(top + band, k));
            }
        }
    }

    private static Tensor Directions(Tensor rows) => nn.functional.normalize(rows.detach().to(ScalarType.Float64), dim: 1);

    private static Tensor Tangential(Tensor gradient, Tensor z) => gradient - z * (gradient * z).sum(1, keepdim: true);
}
