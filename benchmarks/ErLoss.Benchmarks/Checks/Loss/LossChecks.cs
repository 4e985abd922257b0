using ErLoss.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>Values and gradients of the loss on a device, against <see cref="LossTruth"/>.</summary>
internal static class LossChecks
{
    private const int Rows = 600, Columns = 16;

    private static readonly ScalarType[] s_dtypes = [ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16];

    /// <summary>All of them.</summary>
    public static IEnumerable<Check> All { get; } =
    [
        .. from options in Settings() from dtype in s_dtypes select new Check($"{Describe(options)}, {dtype}", device => Loss(options, dtype, device)),
        .. from support in Enum.GetValues<Support>()
           from estimator in Enum.GetValues<EntropyEstimator>()
           from normalizer in Enum.GetValues<Normalizer>()
           select new Check($"functional form, {support}, {estimator}, {normalizer} normaliser", device => Functional(support, estimator, normalizer, device)),

        // A GPU's tiles are 2,048 by 8,192: several bands; tiles kept and not kept, the first that is not narrower than later ones.
        .. from estimator in Enum.GetValues<EntropyEstimator>()
           from size in ((int, ScalarType, double)[])[(5000, ScalarType.Float64, 1e-11), (5000, ScalarType.Float32, 1e-5), (13_000, ScalarType.Float32, 1e-5)]
           select new Check($"{size.Item1:n0} rows in several tiles, {estimator}, {size.Item2}", device => Tiles(size.Item1, size.Item2, size.Item3, estimator, device)),
    ];

    /// <summary>The settings that a GPU is tried with.</summary>
    public static IEnumerable<EntropyReconstructionOptions> Settings() =>
    [
        .. from estimator in Enum.GetValues<EntropyEstimator>()
           from evaluation in (KernelEvaluation[])[KernelEvaluation.Fused, KernelEvaluation.Composed]
           from kappa in (double[])[0.5, 10, 100]
           from leaveOneOut in (bool[])[false, true]
           from learnKappa in leaveOneOut ? (bool[])[false] : [false, true]
           select new EntropyReconstructionOptions
           {
               Kappa = kappa,
               LearnKappa = learnKappa,
               Estimator = estimator,
               Evaluation = evaluation,
               LeaveOneOut = leaveOneOut,
               EntropyWeight = 0.7,
           },
        .. from estimator in Enum.GetValues<EntropyEstimator>()
           select new EntropyReconstructionOptions { Support = Support.Discrete, Estimator = estimator, EntropyWeight = 0.7 },
    ];

    /// <summary>"sphere, Joe, Fused, κ 10, leave-one-out, learnt".</summary>
    public static string Describe(EntropyReconstructionOptions options) => string.Join(", ", Words(options));

    private static IEnumerable<string> Words(EntropyReconstructionOptions options)
    {
        yield return $"{options.Support}, {options.Estimator}";
        if (options.Support == Support.Sphere)
        {
            yield return $"{options.Evaluation}, κ {options.Kappa}{(options.LearnKappa ? " learnt" : "")}";
        }
        if (options.LeaveOneOut)
        {
            yield return "leave-one-out";
        }
    }

    private static IEnumerable<Finding> Loss(EntropyReconstructionOptions options, ScalarType dtype, Device device)
    {
        (double limit, double gradientLimit) = dtype switch
        {
            ScalarType.Float64 => (1e-11, 1e-10),
            ScalarType.Float32 => (1e-5, 1e-4),
            ScalarType.Float16 => (1e-5, 1e-3), // gradients are rounded to the projections' type
            _ => (1e-5, 8e-3),
        };
        double ofKappa = options.Support == Support.Sphere ? Math.Max(1, options.Kappa / 10) : 1; // what is rounded off a cosine counts κ times
        limit *= ofKappa;
        Tensor first = Normal(1).to(dtype), second = (Normal(1) + 0.5 * Normal(2)).to(dtype);
        LossTruth truth = LossTruth.Compute(options, first, second);

        using var loss = new EntropyReconstructionLoss(options);
        loss.to(device);
        Tensor projection1 = first.to(device).requires_grad_(), projection2 = second.to(device).requires_grad_();
        using EntropyReconstructionTerms terms = loss.terms(projection1, projection2);
        terms.Loss.backward();
        yield return Finding.That("the terms are on the device", terms.Loss.device.type == device.type);
        yield return Finding.OfScalar("loss", terms.Loss.ToDouble(), truth.Loss, limit);
        yield return Finding.OfScalar("entropy", terms.Entropy.ToDouble(), truth.Entropy, limit);
        yield return Finding.OfScalar("reconstruction", terms.Reconstruction.ToDouble(), truth.Reconstruction, limit);
        yield return Finding.OfTensor("gradient in the first view", projection1.grad!, truth.Gradient1, gradientLimit);
        yield return Finding.OfTensor("gradient in the second view", projection2.grad!, truth.Gradient2, gradientLimit);
        if (options.LearnKappa)
        {
            Tensor gradient = loss.get_parameter("log_kappa")!.grad!;
            yield return Finding.OfScalar("gradient in log κ", gradient.ToDouble(), truth.LogKappaGradient!.Value, gradientLimit * ofKappa);
        }
    }

    private static IEnumerable<Finding> Functional(Support support, EntropyEstimator estimator, Normalizer normalizer, Device device)
    {
        const double Limit = 1e-11;
        var options = new EntropyReconstructionOptions { Support = support, Estimator = estimator, Normalizer = normalizer, NormalizeInputs = false };
        Func<Tensor, Tensor> toSupport = support == Support.Sphere ? x => nn.functional.normalize(x, dim: 1) : x => nn.functional.softmax(x, 1);
        Tensor first = toSupport(Normal(1)), second = toSupport(Normal(2));
        LossTruth truth = LossTruth.Compute(options, first, second);
        Tensor rows1 = first.to(device), rows2 = second.to(device);
        Tensor Entropy(Tensor rows) => EntropyReconstruction.entropy(rows, support: support, estimator: estimator, normalizer: normalizer, normalizeInputs: false);
        Tensor entropy = (Entropy(rows1) + Entropy(rows2)) / 2;
        Tensor reconstruction = EntropyReconstruction.reconstruction(rows1, rows2, support: support, normalizer: normalizer, normalizeInputs: false);
        yield return Finding.That("both are on the device", entropy.device.type == device.type && reconstruction.device.type == device.type);
        yield return Finding.OfScalar("entropy", entropy.ToDouble(), truth.Entropy, Limit);
        yield return Finding.OfScalar("reconstruction", reconstruction.ToDouble(), truth.Reconstruction, Limit);
    }

    private static IEnumerable<Finding> Tiles(int k, ScalarType dtype, double limit, EntropyEstimator estimator, Device device)
    {
        const double Kappa = 10;
        using var generator = new Generator((ulong)k);
        Tensor given = nn.functional.normalize(randn(k, 8, dtype: ScalarType.Float64, generator: generator), dim: 1).to(dtype);
        (double truth, Tensor gradient) = LossTruth.OfEntropy(given, Kappa, estimator);
        Tensor rows = given.to(device).requires_grad_();
        Tensor entropy = EntropyReconstruction.entropy(rows, Kappa, estimator: estimator, evaluation: KernelEvaluation.Fused, normalizeInputs: false);
        entropy.backward();
        yield return Finding.OfScalar("entropy", entropy.ToDouble(), truth, limit);
        yield return Finding.OfTensor("gradient", rows.grad!, gradient, 10 * limit);
    }

    private static Tensor Normal(ulong seed)
    {
        using var generator = new Generator(seed);
        return randn(Rows, Columns, dtype: ScalarType.Float64, generator: generator);
    }
}
