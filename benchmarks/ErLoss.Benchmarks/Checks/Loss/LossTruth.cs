using ErLoss.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>
/// The loss once more, in float64 on the CPU, by ordinary operators as the paper writes it, its gradients by automatic differentiation:
/// nothing of the library takes part.
/// </summary>
/// <param name="Loss">With the weights of the options.</param>
/// <param name="Entropy">Mean of both views.</param>
/// <param name="Reconstruction">Its value.</param>
/// <param name="Gradient1">Of the loss, in the first projections.</param>
/// <param name="Gradient2">In the second.</param>
/// <param name="LogKappaGradient">In log κ; null on a support that has no κ.</param>
internal sealed record LossTruth(
    double Loss, double Entropy, double Reconstruction, Tensor Gradient1, Tensor Gradient2, double? LogKappaGradient)
{
    private const int Band = 1024, BesselTerms = 600;
    private const double ReferenceFloor = 1e-7;

    /// <summary>Values and gradients of a batch; projections are mapped to the support where the options say so.</summary>
    public static LossTruth Compute(EntropyReconstructionOptions options, Tensor projection1, Tensor projection2)
    {
        using var scope = NewDisposeScope();
        Tensor leaf1 = Leaf(projection1), leaf2 = Leaf(projection2), logKappa = Leaf(tensor(Math.Log(options.Kappa)));
        Tensor view1 = OnSupport(leaf1, options), view2 = OnSupport(leaf2, options);
        bool isSphere = options.Support == Support.Sphere;
        Tensor entropy, reconstruction;
        if (isSphere)
        {
            Tensor kappa = logKappa.exp(), logNormalizer = LogNormalizer((int)leaf1.shape[1], kappa, options.Normalizer);
            Tensor Entropy(Tensor rows) => EntropyOf(
                LogSums(rows, rows, kappa, options.LeaveOneOut), rows.shape[0] - (options.LeaveOneOut ? 1 : 0), options.Estimator);
            entropy = (Entropy(view1) + Entropy(view2)) / 2 - logNormalizer;
            reconstruction = -kappa * (view1 * view2).sum(1).mean() - logNormalizer;
        }
        else
        {
            double floor = options.Normalizer == Normalizer.Reference ? ReferenceFloor : 0;
            entropy = (MarginalEntropy(view1, options.Estimator, floor) + MarginalEntropy(view2, options.Estimator, floor)) / 2;
            reconstruction = -(view1 * (view2 + floor).log() + view2 * (view1 + floor).log()).sum(1).mean() / 2;
        }
        Tensor loss = options.ReconstructionWeight * reconstruction - options.EntropyWeight * entropy;
        loss.backward();
        return new LossTruth(
            loss.ToDouble(),
            entropy.ToDouble(),
            reconstruction.ToDouble(),
            leaf1.grad!.MoveToOuterDisposeScope(),
            leaf2.grad!.MoveToOuterDisposeScope(),
            isSphere ? logKappa.grad!.ToDouble() : null);
    }

    /// <summary>Entropy on the sphere and its gradient in the rows, as they are given, by bands of rows: without a k×k matrix.</summary>
    public static (double Entropy, Tensor Gradient) OfEntropy(Tensor rows, double kappa, EntropyEstimator estimator)
    {
        using var scope = NewDisposeScope();
        Tensor leaf = Leaf(rows), single = tensor(kappa, ScalarType.Float64);
        int count = (int)leaf.shape[0];
        Tensor logSums = empty(count, ScalarType.Float64);
        using (no_grad())
        {
            ForEachBand(band => logSums[band].copy_(LogSums(leaf[band], leaf, single)));
        }
        logSums.requires_grad_();
        Tensor entropy = EntropyOf(logSums, count, estimator);
        entropy.backward();
        ForEachBand(band => LogSums(leaf[band], leaf, single).dot(logSums.grad![band]).backward());
        double logNormalizer = LogNormalizer((int)leaf.shape[1], single, Normalizer.Exact).ToDouble();
        return (entropy.ToDouble() - logNormalizer, leaf.grad!.MoveToOuterDisposeScope());

        void ForEachBand(Action<TensorIndex> action)
        {
            for (int top = 0; top < count; top += Band)
            {
                using var band = NewDisposeScope();
                action(TensorIndex.Slice(top, Math.Min(top + Band, count)));
            }
        }
    }

    private static Tensor Leaf(Tensor values) => values.detach().cpu().to(ScalarType.Float64).clone().requires_grad_();

    private static Tensor OnSupport(Tensor projection, EntropyReconstructionOptions options) => (options.NormalizeInputs, options.Support) switch
    {
        (false, _) => projection,
        (_, Support.Sphere) => projection / projection.square().sum(1, keepdim: true).sqrt(),
        _ => projection.exp() / projection.exp().sum(1, keepdim: true),
    };

    /// <summary>log Σ_j e^(κ·z_i·y_j) of each row; without j = i where a row is left out of its own sum.</summary>
    private static Tensor LogSums(Tensor rows, Tensor columns, Tensor kappa, bool leaveOneOut = false)
    {
        Tensor exponents = kappa * rows.mm(columns.t());
        if (leaveOneOut)
        {
            exponents = exponents.masked_fill(eye(rows.shape[0], dtype: ScalarType.Bool), double.NegativeInfinity);
        }
        Tensor largest = exponents.detach().amax([1], keepdim: true);
        return (exponents - largest).exp().sum(1).log() + largest.squeeze(1);
    }

    /// <summary>H without the normaliser: Joe's −Σ l_i/k, or the plug-in −Σ w_i·l_i with w ∝ e^l.</summary>
    private static Tensor EntropyOf(Tensor logSums, long kernels, EntropyEstimator estimator)
    {
        Tensor logDensity = logSums - Math.Log(kernels);
        if (estimator == EntropyEstimator.Joe)
        {
            return -logDensity.mean();
        }
        Tensor weights = (logDensity - logDensity.detach().max()).exp();
        return -(weights * logDensity).sum() / weights.sum();
    }

    private static Tensor MarginalEntropy(Tensor distributions, EntropyEstimator estimator, double floor)
    {
        Tensor marginal = distributions.mean([0]), log = (marginal + floor).log();
        return estimator == EntropyEstimator.Joe ? -log.mean() : -(marginal * log).sum();
    }

    /// <summary>log C_d(κ), the Bessel function by its power series: I_ν(κ) = Σ_m (κ/2)^(2m+ν) / (m!·Γ(m+ν+1)).</summary>
    public static Tensor LogNormalizer(int dimension, Tensor kappa, Normalizer normalizer)
    {
        double order = dimension / 2.0 - 1;
        Tensor m = arange(BesselTerms, dtype: ScalarType.Float64);
        Tensor logBessel = ((2 * m + order) * (kappa / 2).log() - lgamma(m + 1) - lgamma(m + order + 1)).logsumexp(0);
        if (normalizer == Normalizer.Reference)
        {
            logBessel = logaddexp(logBessel, tensor(Math.Log(ReferenceFloor), ScalarType.Float64));
        }
        return order * kappa.log() - dimension / 2.0 * Math.Log(2 * Math.PI) - logBessel;
    }
}
