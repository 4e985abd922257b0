using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Modules;

/// <summary>
/// The entropy–reconstruction (ER) loss for two-view self-supervised learning: a lower bound on the mutual information of two
/// views' projections, negated.
/// </summary>
/// <remarks>
/// <para>
/// Rodríguez-Gálvez et al., "The Role of Entropy and Reconstruction in Multi-View Self-Supervised Learning", ICML 2023,
/// arXiv 2307.10907: I(Z1; Z2) ≥ H(Z) + E[log q(Z_other | Z)], hence loss = reconstruction − entropy, in nats, with weights
/// of one. The entropy keeps projections spread over their support, the reconstruction keeps the two views of an example together.
/// </para>
/// <para>
/// With equal weights the densities' normalisers cancel and are left out of <see cref="EntropyReconstructionTerms.Loss"/> altogether,
/// so that it keeps its precision in any dimension.
/// </para>
/// </remarks>
/// <example>
/// <code>
/// var loss = new EntropyReconstructionLoss(kappa: 10);
/// using var value = loss.call(projector.call(encoder.call(view1)), projector.call(encoder.call(view2)));
/// value.backward();
/// </code>
/// </example>
public sealed class EntropyReconstructionLoss : Module<Tensor, Tensor, Tensor>
{
    private const string LogKappa = "log_kappa";

    /// <summary>A loss with the settings that matter most; see <see cref="EntropyReconstructionOptions"/> for all of them.</summary>
    /// <param name="kappa">Concentration κ of the von Mises–Fisher density; positive, finite. Sphere only.</param>
    /// <param name="support">The space the projections live in.</param>
    /// <param name="estimator">How the entropy is estimated.</param>
    /// <param name="entropyWeight">Weight of the entropy; zero or positive, finite.</param>
    /// <param name="reconstructionWeight">Weight of the reconstruction; zero or positive, finite.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value out of its range; it names the argument.</exception>
    public EntropyReconstructionLoss(
        double kappa = EntropyReconstructionOptions.DefaultKappa,
        Support support = EntropyReconstructionOptions.DefaultSupport,
        EntropyEstimator estimator = EntropyReconstructionOptions.DefaultEstimator,
        double entropyWeight = EntropyReconstructionOptions.DefaultEntropyWeight,
        double reconstructionWeight = EntropyReconstructionOptions.DefaultReconstructionWeight)
        : this(Checked(kappa, support, estimator, entropyWeight, reconstructionWeight))
    {
    }

    /// <summary>A loss with the settings given.</summary>
    /// <param name="options">The settings; checked here.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">A setting out of its range, or <see cref="EntropyReconstructionOptions.LearnKappa"/> on
    /// a support that has no κ; it names the setting.</exception>
    public EntropyReconstructionLoss(EntropyReconstructionOptions options)
        : base(nameof(EntropyReconstructionLoss))
    {
        ArgumentNullException.ThrowIfNull(options);
        Arguments.CheckKappa(options.Kappa);
        Arguments.CheckEnum(options.Support);
        Arguments.CheckEnum(options.Estimator);
        Arguments.CheckWeight(options.EntropyWeight);
        Arguments.CheckWeight(options.ReconstructionWeight);
        Arguments.CheckEnum(options.EntropyOf);
        Arguments.CheckEnum(options.Normalizer);
        Arguments.CheckEnum(options.Evaluation);
        Arguments.CheckEnum(options.ProductPrecision);
        if (options.LearnKappa && options.Support != Support.Sphere)
        {
            throw new ArgumentException($"The support {options.Support} has no κ to learn; {Support.Sphere} is wanted.", "options.LearnKappa");
        }

        Options = options;
        if (options.LearnKappa)
        {
            // As the parameters of TorchSharp's own modules, it outlives a dispose scope that the module is made in.
            var logKappa = new Parameter(tensor(Math.Log(options.Kappa), ScalarType.Float64));
            logKappa.DetachFromDisposeScope();
            register_parameter(LogKappa, logKappa);
        }
    }

    /// <summary>The settings this loss was made with.</summary>
    public EntropyReconstructionOptions Options { get; }

    /// <summary>κ as it is now: the setting, or what has been learnt since.</summary>
    public double Kappa => Options.LearnKappa ? Math.Exp(get_parameter(LogKappa)!.ToDouble()) : Options.Kappa;

    /// <summary>The loss of a batch of paired projections.</summary>
    /// <param name="projection1">(k, d): the first view's projections, row i belonging to example i.</param>
    /// <param name="projection2">(k, d): the second view's, of the same dtype and on the same device.</param>
    /// <returns>A scalar in nats, of the projections' precision (float32 at least).</returns>
    /// <exception cref="ArgumentException">Projections of a wrong shape or dtype, or that do not match; the message says what is wanted.</exception>
    public override Tensor forward(Tensor projection1, Tensor projection2)
    {
        using var scope = NewDisposeScope();
        return Evaluate(projection1, projection2, lossOnly: true).Loss.MoveToOuterDisposeScope();
    }

    /// <summary>The loss of a batch of paired projections, with the terms it is made of.</summary>
    /// <param name="projection1">(k, d): the first view's projections, row i belonging to example i.</param>
    /// <param name="projection2">(k, d): the second view's, of the same dtype and on the same device.</param>
    /// <returns>Four scalars in nats; the caller disposes them.</returns>
    /// <exception cref="ArgumentException">Projections of a wrong shape or dtype, or that do not match; the message says what is wanted.</exception>
    public EntropyReconstructionTerms terms(Tensor projection1, Tensor projection2) => Evaluate(projection1, projection2, lossOnly: false);

    /// <param name="projection1">As above.</param>
    /// <param name="projection2">As above.</param>
    /// <param name="lossOnly">Whether only the loss will be looked at: then a normaliser that cancels in it is not computed.</param>
    private EntropyReconstructionTerms Evaluate(Tensor projection1, Tensor projection2, bool lossOnly)
    {
        Arguments.CheckPair(projection1, projection2, Options.Support);
        Arguments.CheckLeaveOneOut(projection1, Options.Support, Options.LeaveOneOut);
        if (Options.LearnKappa)
        {
            Arguments.CheckDevice(projection1, get_parameter(LogKappa)!, LogKappa);
        }

        using var scope = NewDisposeScope();
        Tensor single1 = Precision.AtLeastSingle(projection1);
        Tensor single2 = Precision.AtLeastSingle(projection2);
        double surplus = Options.EntropyWeight - Options.ReconstructionWeight;
        (Tensor entropy, Tensor reconstruction, Tensor? logNormalizer) = Options.Support == Support.Sphere
            ? OnSphere(single1, single2, withNormalizer: !lossOnly || surplus != 0)
            : OnClasses(single1, single2);

        Tensor bound = entropy - reconstruction;
        Tensor loss = Options.ReconstructionWeight * reconstruction - Options.EntropyWeight * entropy;
        if (logNormalizer is not null)
        {
            loss = surplus == 0 ? loss : loss + surplus * logNormalizer;
            entropy = entropy - logNormalizer;
            reconstruction = reconstruction - logNormalizer;
        }
        return new EntropyReconstructionTerms(
            loss.MoveToOuterDisposeScope(),
            entropy.MoveToOuterDisposeScope(),
            reconstruction.MoveToOuterDisposeScope(),
            bound.MoveToOuterDisposeScope());
    }

    /// <summary>Entropy and reconstruction without log C_d(κ), and that constant, which is to be subtracted from both.</summary>
    private (Tensor Entropy, Tensor Reconstruction, Tensor? LogNormalizer) OnSphere(Tensor projection1, Tensor projection2, bool withNormalizer)
    {
        Tensor embeddings1 = Options.NormalizeInputs ? functional.normalize(projection1, dim: 1) : projection1;
        Tensor embeddings2 = Options.NormalizeInputs ? functional.normalize(projection2, dim: 1) : projection2;
        // In float64 whatever the module was converted to: the normaliser's constants may be too large for a short type.
        Concentration concentration = Options.LearnKappa
            ? new Concentration(get_parameter(LogKappa)!.to(ScalarType.Float64).exp())
            : new Concentration(Options.Kappa);
        Tensor entropy = EntropyOverViews(
            embeddings1,
            embeddings2,
            embeddings => KernelEntropy.Relative(
                embeddings,
                concentration,
                Options.Estimator,
                Options.LeaveOneOut,
                Options.Evaluation,
                unitRows: Options.NormalizeInputs,
                Options.ProductPrecision));
        Tensor reconstruction = VonMisesFisherReconstruction.Relative(embeddings1, embeddings2, concentration);
        Tensor? logNormalizer = withNormalizer
            ? concentration.LogNormalizer((int)projection1.shape[1], Options.Normalizer, projection1.dtype, projection1.device)
            : null;
        return (entropy, reconstruction, logNormalizer);
    }

    private (Tensor Entropy, Tensor Reconstruction, Tensor? LogNormalizer) OnClasses(Tensor projection1, Tensor projection2)
    {
        Func<Tensor, Normalizer, Categorical> read = Options.NormalizeInputs ? Categorical.FromLogits : Categorical.FromProbabilities;
        Categorical distributions1 = read(projection1, Options.Normalizer);
        Categorical distributions2 = read(projection2, Options.Normalizer);
        Tensor entropy = EntropyOverViews(distributions1, distributions2, batch => batch.MarginalEntropy(Options.Estimator));
        return (entropy, Categorical.CrossEntropyBothWays(distributions1, distributions2), null);
    }

    private Tensor EntropyOverViews<T>(T view1, T view2, Func<T, Tensor> entropy) => Options.EntropyOf switch
    {
        EntropyOf.First => entropy(view1),
        EntropyOf.Second => entropy(view2),
        _ => (entropy(view1) + entropy(view2)) / 2,
    };

    private static EntropyReconstructionOptions Checked(
        double kappa, Support support, EntropyEstimator estimator, double entropyWeight, double reconstructionWeight)
    {
        Arguments.CheckKappa(kappa);
        Arguments.CheckEnum(support);
        Arguments.CheckEnum(estimator);
        Arguments.CheckWeight(entropyWeight);
        Arguments.CheckWeight(reconstructionWeight);
        return new EntropyReconstructionOptions
        {
            Kappa = kappa,
            Support = support,
            Estimator = estimator,
            EntropyWeight = entropyWeight,
            ReconstructionWeight = reconstructionWeight,
        };
    }
}
