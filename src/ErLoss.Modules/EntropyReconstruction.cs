using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The functional form of the entropy–reconstruction loss: its two terms, on embeddings that are used as they are.
/// </summary>
/// <remarks>
/// Rodríguez-Gálvez et al., "The Role of Entropy and Reconstruction in Multi-View Self-Supervised Learning", ICML 2023,
/// arXiv 2307.10907. All values are in nats. Half-precision and bfloat16 embeddings are computed in float32 and give a
/// float32 scalar; float32 and float64 keep their type. The result stays on the embeddings' device, carries gradient, and is
/// the only tensor that outlives a call.
/// <para>
/// On the sphere both terms contain log C_d(κ), which is thousands of nats in high dimension, so that in float32 each is rounded to 2e-4 at d = 2,048 and to
/// 0.02 at d = 65,536, and so is their difference. Gradients are not affected. For the difference use <see cref="EntropyReconstructionLoss"/>, in which
/// the constant cancels before anything is rounded, or pass float64.
/// </para>
/// </remarks>
public static class EntropyReconstruction
{
    /// <summary>The entropy Ĥ(Z) of a batch of embeddings.</summary>
    /// <param name="embeddings">
    /// (k, d): on the sphere unit rows, d ≥ 2; discrete, rows of probabilities. Rows are not normalised here, and rows off the support
    /// are not refused: the formulas are evaluated as they stand.
    /// </param>
    /// <param name="kappa">Concentration κ of the kernels; positive, at most 1e15. Sphere only.</param>
    /// <param name="support">The space the embeddings live in.</param>
    /// <param name="estimator">
    /// Plug-in or Joe's estimator. On the sphere both use the kernel density estimate log p̂(z_i) = log C_d(κ) − log k + log Σ_j exp(κ·z_i·z_j).
    /// </param>
    /// <param name="normalizer">True constants, or the published code's.</param>
    /// <param name="leaveOneOut">
    /// Whether j = i is left out of the sum, which is then divided by k − 1. Sphere only; needs k ≥ 2. The result then estimates a cross-entropy, which
    /// is at least the entropy, so that it gives no lower bound on mutual information.
    /// </param>
    /// <param name="evaluation">How the pairwise terms are computed. Sphere only.</param>
    /// <returns>A scalar, in nats.</returns>
    /// <exception cref="ArgumentException">A bad shape, dtype, or k = 1 with <paramref name="leaveOneOut"/>; the message says what is wanted.</exception>
    /// <exception cref="ArgumentOutOfRangeException">κ not positive or above 1e15, or an enumeration's value that is none of its names.</exception>
    public static Tensor entropy(
        Tensor embeddings,
        double kappa = EntropyReconstructionOptions.DefaultKappa,
        Support support = EntropyReconstructionOptions.DefaultSupport,
        EntropyEstimator estimator = EntropyReconstructionOptions.DefaultEstimator,
        Normalizer normalizer = EntropyReconstructionOptions.DefaultNormalizer,
        bool leaveOneOut = EntropyReconstructionOptions.DefaultLeaveOneOut,
        KernelEvaluation evaluation = EntropyReconstructionOptions.DefaultEvaluation)
    {
        Arguments.CheckKappa(kappa);
        Arguments.CheckEnum(support);
        Arguments.CheckEnum(estimator);
        Arguments.CheckEnum(normalizer);
        Arguments.CheckEnum(evaluation);
        Arguments.CheckEmbeddings(embeddings, support);
        Arguments.CheckLeaveOneOut(embeddings, support, leaveOneOut);

        using var scope = NewDisposeScope();
        Tensor single = FloatConversion.AtLeastSingle(embeddings);
        Tensor entropy;
        if (support == Support.Sphere)
        {
            var concentration = new Concentration(kappa);
            entropy = KernelEntropy.Relative(single, concentration, estimator, leaveOneOut, evaluation, unitRows: false, ProductPrecision.Full, withPlain: false).Entropy
                - concentration.LogNormalizer((int)single.shape[1], normalizer, single.dtype, single.device);
        }
        else
        {
            entropy = Categorical.FromProbabilities(single, normalizer).MarginalEntropy(estimator);
        }
        return entropy.MoveToOuterDisposeScope();
    }

    /// <summary>The reconstruction error between two batches of paired embeddings, row i of one with row i of the other.</summary>
    /// <remarks>
    /// On the sphere −(1/k) Σ_i [κ·z1_i·z2_i + log C_d(κ)]; discrete the mean cross-entropy both ways,
    /// −½·(1/k) Σ_i Σ_j [w1_ij·log w2_ij + w2_ij·log w1_ij]. Symmetric in its two arguments.
    /// </remarks>
    /// <param name="projection1">(k, d), as <see cref="entropy"/> wants its embeddings.</param>
    /// <param name="projection2">(k, d), of the same dtype and device.</param>
    /// <param name="kappa">Concentration κ of the density q; positive, at most 1e15. Sphere only.</param>
    /// <param name="support">The space the embeddings live in.</param>
    /// <param name="normalizer">True constants, or the published code's.</param>
    /// <returns>A scalar, in nats.</returns>
    /// <exception cref="ArgumentException">A bad shape or dtype, or two tensors that do not match; the message says what is wanted.</exception>
    /// <exception cref="ArgumentOutOfRangeException">κ not positive or above 1e15, or an enumeration's value that is none of its names.</exception>
    public static Tensor reconstruction(
        Tensor projection1,
        Tensor projection2,
        double kappa = EntropyReconstructionOptions.DefaultKappa,
        Support support = EntropyReconstructionOptions.DefaultSupport,
        Normalizer normalizer = EntropyReconstructionOptions.DefaultNormalizer)
    {
        Arguments.CheckKappa(kappa);
        Arguments.CheckEnum(support);
        Arguments.CheckEnum(normalizer);
        Arguments.CheckPair(projection1, projection2, support);

        using var scope = NewDisposeScope();
        Tensor single1 = FloatConversion.AtLeastSingle(projection1);
        Tensor single2 = FloatConversion.AtLeastSingle(projection2);
        Tensor reconstruction;
        if (support == Support.Sphere)
        {
            var concentration = new Concentration(kappa);
            reconstruction = VonMisesFisherReconstruction.Relative([single1, single2], concentration)
                - concentration.LogNormalizer((int)single1.shape[1], normalizer, single1.dtype, single1.device);
        }
        else
        {
            Categorical distributions1 = Categorical.FromProbabilities(single1, normalizer), distributions2 = Categorical.FromProbabilities(single2, normalizer);
            reconstruction = Categorical.CrossEntropy([distributions1, distributions2], [single1, single2], areOfViews: true);
        }
        return reconstruction.MoveToOuterDisposeScope();
    }
}
