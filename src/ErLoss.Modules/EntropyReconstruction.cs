using ErLoss.Modules.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The functional form of the entropy–reconstruction loss: its two terms. The same words mean the same as in <see cref="EntropyReconstructionOptions"/>.
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
    /// (k, d), d ≥ 2 on the sphere: projections, as the module takes them. What is made of them <paramref name="normalizeInputs"/> says.
    /// </param>
    /// <param name="kappa">Concentration κ of the kernels; positive, at most 1e15. Sphere only.</param>
    /// <param name="support">The space the embeddings live in.</param>
    /// <param name="estimator">
    /// Plug-in or Joe's estimator. On the sphere both use the kernel density estimate log p̂(z_i) = log C_d(κ) − log k + log Σ_j exp(κ·z_i·z_j).
    /// </param>
    /// <param name="normalizer">True constants, or the published code's.</param>
    /// <param name="leaveOneOut">
    /// Whether j = i is left out of the sum, which is then divided by k − 1. Sphere only; needs k ≥ 2 or further centres. The result then estimates a
    /// cross-entropy, which is at least the entropy, so that it gives no lower bound on mutual information.
    /// </param>
    /// <param name="evaluation">How the pairwise terms are computed. Sphere only.</param>
    /// <param name="normalizeInputs">
    /// Whether rows are mapped onto the support first, as the module does it: on the sphere they are divided by their norms; discrete, they are logits and get a
    /// softmax. Otherwise they are unit rows, or rows of probabilities, and are used as given: rows off the support are not refused then, and the
    /// formulas are evaluated as they stand.
    /// </param>
    /// <param name="weights">Weight of each row; see <see cref="ProjectedViews.Weights"/>.</param>
    /// <param name="mask">Which rows count; see <see cref="ProjectedViews.Mask"/>.</param>
    /// <param name="ids">Which rows are one example; see <see cref="ProjectedViews.Ids"/>. Sphere only.</param>
    /// <param name="centers">Further centres of the density estimate.</param>
    /// <returns>A scalar, in nats.</returns>
    /// <exception cref="ArgumentException">
    /// A bad shape, dtype, or k = 1 with <paramref name="leaveOneOut"/> and without further centres; the message says what is wanted.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">κ not positive or above 1e15, or an enumeration's value that is none of its names.</exception>
    public static Tensor entropy(
        Tensor embeddings,
        double kappa = EntropyReconstructionOptions.DefaultKappa,
        Support support = EntropyReconstructionOptions.DefaultSupport,
        EntropyEstimator estimator = EntropyReconstructionOptions.DefaultEstimator,
        Normalizer normalizer = EntropyReconstructionOptions.DefaultNormalizer,
        bool leaveOneOut = EntropyReconstructionOptions.DefaultLeaveOneOut,
        KernelEvaluation evaluation = EntropyReconstructionOptions.DefaultEvaluation,
        bool normalizeInputs = EntropyReconstructionOptions.DefaultNormalizeInputs,
        Tensor? weights = null,
        Tensor? mask = null,
        Tensor? ids = null,
        Centers? centers = null)
    {
        Arguments.CheckKappa(kappa);
        Arguments.CheckEnum(support);
        Arguments.CheckEnum(estimator);
        Arguments.CheckEnum(normalizer);
        Arguments.CheckEnum(evaluation);
        Arguments.CheckEmbeddings(embeddings, support);
        RowArguments.Check(embeddings, support, weights, mask, ids, nameof(weights), nameof(mask), nameof(ids));
        if (centers is not null)
        {
            RowArguments.CheckCenters(centers, embeddings, support, ids is not null, nameof(centers));
        }
        Arguments.CheckLeaveOneOut(embeddings, support, leaveOneOut && centers is not { Rows.shape: [> 0, _] });

        using var scope = NewDisposeScope();
        var views = new ProjectedViews(embeddings) { Weights = weights, Mask = mask, Ids = ids, Centers = centers is null ? [] : [centers] };
        var options = new EntropyReconstructionOptions
        {
            Kappa = kappa,
            Support = support,
            Estimator = estimator,
            ReconstructionWeight = 0,
            LeaveOneOut = leaveOneOut,
            NormalizeInputs = normalizeInputs,
            Normalizer = normalizer,
            Evaluation = evaluation,
        };
        return Parts(views, options).FullEntropy().MoveToOuterDisposeScope();
    }

    /// <summary>The reconstruction error between two batches of paired embeddings, row i of one with row i of the other.</summary>
    /// <remarks>
    /// On the sphere −(1/k) Σ_i [κ·z1_i·z2_i + log C_d(κ)]; discrete the mean cross-entropy both ways,
    /// −½·(1/k) Σ_i Σ_j [w1_ij·log w2_ij + w2_ij·log w1_ij]. Symmetric in its two arguments.
    /// </remarks>
    /// <param name="projection1">(k, d), under the same conditions as the embeddings of <see cref="entropy"/>.</param>
    /// <param name="projection2">(k, d), of the same dtype and device.</param>
    /// <param name="kappa">Concentration κ of the density q; positive, at most 1e15. Sphere only.</param>
    /// <param name="support">The space the embeddings live in.</param>
    /// <param name="normalizer">True constants, or the published code's.</param>
    /// <param name="normalizeInputs">As of <see cref="entropy"/>.</param>
    /// <param name="weights">Weight of each example; see <see cref="ProjectedViews.Weights"/>.</param>
    /// <param name="mask">Which examples count; see <see cref="ProjectedViews.Mask"/>.</param>
    /// <returns>A scalar, in nats.</returns>
    /// <exception cref="ArgumentException">A bad shape or dtype, or two tensors that do not match; the message says what is wanted.</exception>
    /// <exception cref="ArgumentOutOfRangeException">κ not positive or above 1e15, or an enumeration's value that is none of its names.</exception>
    public static Tensor reconstruction(
        Tensor projection1,
        Tensor projection2,
        double kappa = EntropyReconstructionOptions.DefaultKappa,
        Support support = EntropyReconstructionOptions.DefaultSupport,
        Normalizer normalizer = EntropyReconstructionOptions.DefaultNormalizer,
        bool normalizeInputs = EntropyReconstructionOptions.DefaultNormalizeInputs,
        Tensor? weights = null,
        Tensor? mask = null)
    {
        Arguments.CheckKappa(kappa);
        Arguments.CheckEnum(support);
        Arguments.CheckEnum(normalizer);
        Arguments.CheckPair(projection1, projection2, support);
        RowArguments.Check(projection1, support, weights, mask, null, nameof(weights), nameof(mask), "ids");

        using var scope = NewDisposeScope();
        var views = new ProjectedViews(projection1, projection2) { Weights = weights, Mask = mask };
        var options = new EntropyReconstructionOptions
        {
            Kappa = kappa,
            Support = support,
            EntropyWeight = 0,
            NormalizeInputs = normalizeInputs,
            Normalizer = normalizer,
        };
        return Parts(views, options).FullReconstruction().MoveToOuterDisposeScope();
    }

    private static LossParts Parts(ProjectedViews views, EntropyReconstructionOptions options)
    {
        var wanted = WantedTerms.OfLoss(options);
        var batch = GlobalBatch.Of(views.Projections[0].shape[0]);
        if (options.Support == Support.Discrete)
        {
            return DiscreteLoss.Compute(views, options, wanted, batch);
        }
        var concentration = new Concentration(options.Kappa);
        return SphereLoss.Compute(views, options, concentration, concentration, wanted, batch);
    }
}
