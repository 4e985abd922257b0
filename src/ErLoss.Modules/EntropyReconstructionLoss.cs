using ErLoss.Modules.Distributed;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Modules;

/// <summary>
/// The entropy–reconstruction (ER) loss for self-supervised learning, of two views or many, with a teacher or without. With its default settings it is the
/// negative of a lower bound on the mutual information of two views' projections. It takes a place wherever a loss of TorchSharp's is asked for, as a
/// <c>Loss&lt;Tensor, Tensor, Tensor&gt;</c>.
/// </summary>
/// <remarks>
/// <para>
/// Rodríguez-Gálvez et al., "The Role of Entropy and Reconstruction in Multi-View Self-Supervised Learning", ICML 2023,
/// arXiv 2307.10907: I(Z1; Z2) ≥ H(Z) + E[log q(Z_other | Z)], hence loss = reconstruction − entropy, in nats, with weights
/// of one. The entropy keeps projections spread over their support, the reconstruction keeps the two views of an example together.
/// </para>
/// <para>
/// With equal weights the densities' normalisers cancel and are left out of <see cref="EntropyReconstructionTerms.Loss"/> altogether,
/// so that it keeps its precision in any dimension. With unequal weights it contains their difference times log C_d(κ), which is rounded with it: in
/// float32 to 2e-4 at d = 2,048, and to 0.02 at d = 65,536. The gradients of the projections are not affected.
/// </para>
/// <para>
/// On the sphere the loss depends on the directions of the rows alone, whatever their scale is, and the gradient of a row is inversely proportional to
/// its norm. A row of zeros has no direction: it counts as the zero vector, and its gradient is zero. A row below the smallest normal number of its type
/// (6.1e-5 in float16) gets the gradient of a row of that size. Gradients of such rows can be infinite for a large κ. On the discrete support a logit of −∞
/// masks a class.
/// </para>
/// <para>
/// A learnt κ is the parameter <c>log_kappa</c>, of shape (1), and one of the reconstruction alone is <c>log_reconstruction_kappa</c>. It is float64 whatever
/// type the module is converted to, so that a conversion neither costs digits nor takes the parameter away from an optimizer that has it. Leave it out of
/// weight decay, which would pull κ towards one.
/// </para>
/// </remarks>
/// <example>
/// <code>
/// var loss = new EntropyReconstructionLoss(kappa: 10);
/// using var value = loss.call(projector.call(encoder.call(view1)), projector.call(encoder.call(view2)));
/// value.backward();
/// </code>
/// </example>
public sealed class EntropyReconstructionLoss : Loss<Tensor, Tensor, Tensor>
{
    internal const string LogKappa = "log_kappa";

    private readonly KappaSetting _kappa, _reconstructionKappa; // the same object where both terms have one κ
    private bool _isDisposed;

    /// <summary>A loss with the settings that matter most; see <see cref="EntropyReconstructionOptions"/> for all of them.</summary>
    /// <param name="kappa">Concentration κ of the von Mises–Fisher density; positive, at most 1e15. Sphere only.</param>
    /// <param name="support">The space the projections live in.</param>
    /// <param name="estimator">How the entropy is estimated.</param>
    /// <param name="entropyWeight">Weight of the entropy; zero or positive, at most 1e15.</param>
    /// <param name="reconstructionWeight">Weight of the reconstruction; zero or positive, at most 1e15.</param>
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
    /// <exception cref="ArgumentException">A setting out of its range, or settings that exclude each other; it names the setting.</exception>
    public EntropyReconstructionLoss(EntropyReconstructionOptions options)
        : base(options?.Reduction ?? EntropyReconstructionOptions.DefaultReduction)
    {
        OptionArguments.Check(options!);
        Options = options!;
        _kappa = options!.LearnKappa ? new KappaSetting(this, options.Kappa, LogKappa, options.MinKappa, options.MaxKappa) : new KappaSetting(this, options.Kappa);
        _reconstructionKappa = options switch
        {
            { ReconstructionKappa: null } => _kappa,
            { LearnReconstructionKappa: true } => new KappaSetting(this, options.ReconstructionKappa.Value, "log_reconstruction_kappa", options.MinKappa, options.MaxKappa),
            _ => new KappaSetting(this, options.ReconstructionKappa.Value),
        };
    }

    /// <summary>The settings this loss was made with.</summary>
    public EntropyReconstructionOptions Options { get; }

    /// <summary>
    /// The present value of κ: the setting, or the value that has been learnt since. Where κ is not learnt, it can be set to another value, for
    /// example anew in each step by a schedule.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value set is not positive, or above 1e15.</exception>
    /// <exception cref="InvalidOperationException">κ is set, but it is learnt.</exception>
    /// <exception cref="ObjectDisposedException">The module is disposed of, and κ with it.</exception>
    public double Kappa
    {
        get => Live(_kappa).Value;
        set => Live(_kappa).Set(value);
    }

    /// <summary>
    /// The present value of the reconstruction's κ, as <see cref="Kappa"/>, which it is unless <see cref="EntropyReconstructionOptions.ReconstructionKappa"/>
    /// is given.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value set is not positive, or above 1e15.</exception>
    /// <exception cref="InvalidOperationException">It is set, but it is learnt, or both terms have one κ.</exception>
    /// <exception cref="ObjectDisposedException">The module is disposed of, and κ with it.</exception>
    public double ReconstructionKappa
    {
        get => Live(_reconstructionKappa).Value;
        set
        {
            if (HasOneKappa)
            {
                throw new InvalidOperationException(
                    $"The loss was made with one κ for both terms; set {nameof(Kappa)}, or make the loss with {nameof(EntropyReconstructionOptions.ReconstructionKappa)}.");
            }
            Live(_reconstructionKappa).Set(value);
        }
    }

    private bool HasOneKappa => ReferenceEquals(_kappa, _reconstructionKappa);

    /// <summary>The loss of a batch of paired projections. A term whose weight is zero is not computed.</summary>
    /// <param name="projection1">(k, d): the first view's projections, row i belonging to example i.</param>
    /// <param name="projection2">(k, d): the second view's, of the same dtype and on the same device.</param>
    /// <returns>
    /// A scalar in nats, of the projections' precision (float32 at least); with <see cref="Reduction.None"/> a value for each example, (k).
    /// </returns>
    /// <exception cref="ArgumentException">Projections of a wrong shape or dtype, or that do not match; the message says what is wanted.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A learnt κ has left its range; the exception names its parameter. On a GPU κ is not
    /// read, and the loss is NaN instead.</exception>
    /// <exception cref="ObjectDisposedException">The module is disposed of.</exception>
    public override Tensor forward(Tensor projection1, Tensor projection2)
    {
        using var scope = NewDisposeScope();
        return Parts(() => CheckedPair(projection1, projection2), WantedTerms.OfLoss(Options)).Loss(Options).MoveToOuterDisposeScope();
    }

    /// <summary>The loss of a batch of paired projections, with the terms it is made of, whatever their weights.</summary>
    /// <param name="projection1">(k, d): the first view's projections, row i belonging to example i.</param>
    /// <param name="projection2">(k, d): the second view's, of the same dtype and on the same device.</param>
    /// <returns>Four scalars in nats, or with <see cref="Reduction.None"/> four vectors, (k); the caller disposes them.</returns>
    /// <exception cref="ArgumentException">As of <see cref="forward"/>.</exception>
    /// <exception cref="ObjectDisposedException">The module is disposed of.</exception>
    public EntropyReconstructionTerms terms(Tensor projection1, Tensor projection2) => Terms(() => CheckedPair(projection1, projection2));

    /// <summary>
    /// The loss of any number of views, with given predictions and targets or without, and the terms it is made of: the form for teachers, many crops and
    /// cluster assignments. Two projections alone give what <see cref="terms(Tensor, Tensor)"/> gives.
    /// </summary>
    /// <param name="views">Projections, predictions and targets, and what is said of their rows.</param>
    /// <returns>Four scalars in nats, or with <see cref="Reduction.None"/> four vectors, (k); the caller disposes them.</returns>
    /// <exception cref="ArgumentException">
    /// A tensor of a wrong shape, dtype or device, a single view that has nothing to predict, or two kinds of targets; it names the member of
    /// <paramref name="views"/>. On a GPU class numbers are not read: there one out of range is an error of the device.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">As of <see cref="forward"/>.</exception>
    /// <exception cref="ObjectDisposedException">The module is disposed of.</exception>
    public EntropyReconstructionTerms terms(ProjectedViews views) => Terms(() =>
    {
        ViewArguments.Check(views, Options.Support, mayBeEmpty: HasRanks);
        bool haveCenters = views.Centers.Count > 0 && views.Centers.All(centers => centers.Rows.shape[0] > 0);
        CheckSettings(views.Projections[0], haveCenters, $"{nameof(views)}.{nameof(views.Projections)}[0]");
        return views;
    });

    /// <summary>The settings that apply to the support, with the present value of κ.</summary>
    public override string ToString() =>
        $"{nameof(EntropyReconstructionLoss)}({SettingsText.Of(Options, _isDisposed ? Options.Kappa : Kappa, _isDisposed ? Options.ReconstructionKappa : ReconstructionKappa)})";

    /// <summary>Moves a learnt κ to a device; its type stays.</summary>
    protected override void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
    {
        if (device is not null)
        {
            base._toEpilog(null, device, non_blocking);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        base.Dispose(disposing);
    }

    private bool HasRanks => Options.Group is { Size: > 1 };

    private ProjectedViews CheckedPair(Tensor projection1, Tensor projection2)
    {
        Arguments.CheckPair(projection1, projection2, Options.Support, mayBeEmpty: HasRanks);
        CheckSettings(projection1, haveCenters: false, nameof(projection1));
        return new ProjectedViews(projection1, projection2);
    }

    /// <summary>What the settings want of projections.</summary>
    private void CheckSettings(Tensor projection, bool haveCenters, string name)
    {
        Arguments.CheckLeaveOneOut(projection, Options.Support, Options.LeaveOneOut && !haveCenters && !HasRanks, name); // a row of another rank is a centre
        _kappa.CheckDevice(projection, name);
        _reconstructionKappa.CheckDevice(projection, name);
    }

    private KappaSetting Live(KappaSetting kappa)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return kappa;
    }

    private EntropyReconstructionTerms Terms(Func<ProjectedViews> read)
    {
        using var scope = NewDisposeScope();
        return Parts(read, WantedTerms.All).Terms(Options);
    }

    /// <param name="read">Gives this rank's inputs, or throws what is wrong with them.</param>
    /// <param name="wanted">What is to be computed.</param>
    private LossParts Parts(Func<ProjectedViews> read, WantedTerms wanted)
    {
        // What one rank refuses, be it inputs or a learnt κ that has left its range, the others must hear of.
        (ProjectedViews views, Concentration? kernels, Concentration? decoder) = Agreement.ReadInputs(Options.Group, () =>
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            ProjectedViews ofRank = read();
            Concentration? ofKernels = Options.Support == Support.Sphere ? _kappa.Read() : null; // classes have no κ
            return (ofRank, ofKernels, HasOneKappa || ofKernels is null ? ofKernels : _reconstructionKappa.Read());
        });
        (ProjectedViews part, GlobalBatch batch) = Agreement.PartOf(views, Options, kernels?.Value, decoder?.Value, wanted);
        return kernels is null ? DiscreteLoss.Compute(part, Options, wanted, batch) : SphereLoss.Compute(part, Options, kernels, decoder!, wanted, batch);
    }

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
