namespace ErLoss.Modules;

/// <summary>Settings of an <see cref="EntropyReconstructionLoss"/>; where the paper gives a value, it is the default.</summary>
/// <remarks>Nothing is checked here. The constructor of the loss checks all settings, and its exceptions name the one that is wrong.</remarks>
public sealed record EntropyReconstructionOptions
{
    /// <summary>Default of <see cref="Kappa"/>: 10.</summary>
    public const double DefaultKappa = 10;

    /// <summary>Default of <see cref="LearnKappa"/>: false.</summary>
    public const bool DefaultLearnKappa = false;

    /// <summary>Default of <see cref="Support"/>: the sphere.</summary>
    public const Support DefaultSupport = Support.Sphere;

    /// <summary>Default of <see cref="Estimator"/>: plug-in.</summary>
    public const EntropyEstimator DefaultEstimator = EntropyEstimator.PlugIn;

    /// <summary>Default of <see cref="EntropyWeight"/>: 1.</summary>
    public const double DefaultEntropyWeight = 1;

    /// <summary>Default of <see cref="ReconstructionWeight"/>: 1.</summary>
    public const double DefaultReconstructionWeight = 1;

    /// <summary>Default of <see cref="LearnReconstructionKappa"/>: false.</summary>
    public const bool DefaultLearnReconstructionKappa = false;

    /// <summary>Default of <see cref="Reduction"/>: the mean.</summary>
    public const TorchSharp.torch.nn.Reduction DefaultReduction = TorchSharp.torch.nn.Reduction.Mean;

    /// <summary>Default of <see cref="LeaveOneOut"/>: false.</summary>
    public const bool DefaultLeaveOneOut = false;

    /// <summary>Default of <see cref="NormalizeInputs"/>: true.</summary>
    public const bool DefaultNormalizeInputs = true;

    /// <summary>Default of <see cref="Normalizer"/>: exact.</summary>
    public const Normalizer DefaultNormalizer = Normalizer.Exact;

    /// <summary>Default of <see cref="Evaluation"/>: the library chooses.</summary>
    public const KernelEvaluation DefaultEvaluation = KernelEvaluation.Auto;

    /// <summary>Default of <see cref="ProductPrecision"/>: full.</summary>
    public const ProductPrecision DefaultProductPrecision = ProductPrecision.Full;

    /// <summary>
    /// Concentration κ of the von Mises–Fisher density, of the kernel and of the reconstruction alike; positive, at most 1e15.
    /// With <see cref="LearnKappa"/> it is the value at the start. The discrete support has no κ and ignores it.
    /// </summary>
    public double Kappa { get; init; } = DefaultKappa;

    /// <summary>
    /// Whether κ is a parameter of the module, learnt with the rest (as log κ, so that it stays positive). Only on the sphere, and not together with
    /// <see cref="LeaveOneOut"/>, because the loss then has no minimum in κ.
    /// </summary>
    /// <remarks>Leave the parameter out of weight decay, which would pull κ towards one.</remarks>
    public bool LearnKappa { get; init; } = DefaultLearnKappa;

    /// <summary>
    /// Concentration κ of the reconstruction's density alone: positive, at most 1e15. The kernels then keep <see cref="Kappa"/>. By default (null) both have one κ.
    /// Sphere only, and not together with <see cref="LearnKappa"/>: the loss would be least as the κ of the kernels alone goes to zero, whatever the rows are.
    /// </summary>
    /// <remarks>
    /// <see cref="EntropyReconstructionTerms.MutualInformationBound"/> is then no bound. With the true entropy it would be one, but wide kernels raise the estimate.
    /// </remarks>
    public double? ReconstructionKappa { get; init; }

    /// <summary>
    /// Whether <see cref="ReconstructionKappa"/>, which must be given as the value at the start, is a parameter of the module, learnt with the rest (as its
    /// logarithm). The loss is least at its maximum-likelihood value, where the mean cosine of predictions and targets is
    /// <see cref="VonMisesFisher.MeanResultantLength(int, double)"/>.
    /// </summary>
    public bool LearnReconstructionKappa { get; init; } = DefaultLearnReconstructionKappa;

    /// <summary>
    /// The least value of the κ that is learnt, whichever of the two it is; positive. By default (null) there is no limit. Each call of the loss first sets a κ
    /// beyond its limits back to the nearer one. It keeps its gradient there.
    /// </summary>
    public double? MinKappa { get; init; }

    /// <summary>The largest value of the κ that is learnt, as <see cref="MinKappa"/>; at most 1e15. By default (null) there is no limit.</summary>
    public double? MaxKappa { get; init; }

    /// <summary>
    /// <see cref="TorchSharp.torch.nn.Reduction.Mean"/>: scalars, the means over the examples. <see cref="TorchSharp.torch.nn.Reduction.None"/>: (k) values, one for
    /// each example. They are not multiplied by its weight, and are zero where it does not count; a term's scalar is the weighted mean of the values that count
    /// in it. None needs <see cref="EntropyEstimator.Joe"/> on the sphere and <see cref="EntropyEstimator.PlugIn"/> on classes, since the other estimator is no
    /// mean over rows. Sum is refused.
    /// </summary>
    /// <remarks>
    /// The gradient of the values is computed in the backward pass, where the gradient of the scalar that is made of them is known. With <see cref="KernelEvaluation.Fused"/> it takes no
    /// k×k matrix, as the mean takes none.
    /// </remarks>
    public TorchSharp.torch.nn.Reduction Reduction { get; init; } = DefaultReduction;

    /// <summary>
    /// The processes that have a part of the batch each; null (the default) where this one has it all. The terms are then those of the global batch, on every rank, and the gradients are those of
    /// the global batch in the rank's own rows. The backward pass exchanges nothing.
    /// </summary>
    /// <remarks>
    /// <para>
    /// Gradients of weights, and of a learnt κ, are to be summed over the ranks, not averaged: the sum is what one process with the whole batch would get. (PyTorch's DistributedDataParallel averages.)
    /// Ranks may have different numbers of rows, and some none. Further centres, such as those of a queue, are not divided among the ranks: give the same ones on every rank, which
    /// <see cref="Distributed.ProcessGroup.AllGather"/> makes of the ranks' rows.
    /// </para>
    /// <para>
    /// Every rank must call the loss in each step, with inputs of one form and with the same settings. If the ranks differ in these, all throw the same exception, which names the ranks.
    /// <see cref="TorchSharp.torch.nn.Reduction.None"/> and <see cref="KernelEvaluation.Attention"/> are refused. With <see cref="KernelEvaluation.Composed"/> there is a matrix of the own rows
    /// by those of all ranks, and no second derivative.
    /// </para>
    /// </remarks>
    public Distributed.ProcessGroup? Group { get; init; }

    /// <summary>The space that the projections lie in.</summary>
    public Support Support { get; init; } = DefaultSupport;

    /// <summary>How the entropy is estimated.</summary>
    public EntropyEstimator Estimator { get; init; } = DefaultEstimator;

    /// <summary>Weight of the entropy in the loss; zero or positive, at most 1e15. With zero the loss does not compute it.</summary>
    public double EntropyWeight { get; init; } = DefaultEntropyWeight;

    /// <summary>Weight of the reconstruction in the loss; zero or positive, at most 1e15. With zero the loss does not compute it.</summary>
    public double ReconstructionWeight { get; init; } = DefaultReconstructionWeight;

    /// <summary>
    /// Whether a row is left out of its own density estimate, which then averages over k − 1 kernels (and those of further centres). Needs k ≥ 2 or further
    /// centres, and a <see cref="Kappa"/> that is not learnt. The discrete support has no kernels and ignores it.
    /// </summary>
    /// <remarks>
    /// In high dimension the own kernel is most of the plain estimate's sum (0.98 at κ = 10, d = 128 and k = 256 for spread rows), so that the
    /// entropy hardly pushes rows apart. Leave the own kernel out if its share is that large; for spread rows it is more than half of the sum as long as log k
    /// is below about κ − κ²/2d. The loss is then no bound on mutual information; <see cref="EntropyReconstructionTerms.MutualInformationBound"/> still is.
    /// </remarks>
    public bool LeaveOneOut { get; init; } = DefaultLeaveOneOut;

    /// <summary>
    /// Whether projections are mapped onto their support first: on the sphere rows are divided by their Euclidean norm; discrete, rows
    /// are logits and get a softmax. Otherwise they are used as given: unit rows, or rows of probabilities.
    /// </summary>
    public bool NormalizeInputs { get; init; } = DefaultNormalizeInputs;

    /// <summary>Whether the constants are the true ones or those of the published code.</summary>
    public Normalizer Normalizer { get; init; } = DefaultNormalizer;

    /// <summary>How the pairwise terms are computed.</summary>
    public KernelEvaluation Evaluation { get; init; } = DefaultEvaluation;

    /// <summary>What the fused form and attention round the factors of their products to. The discrete support has no such products and ignores it.</summary>
    public ProductPrecision ProductPrecision { get; init; } = DefaultProductPrecision;
}
