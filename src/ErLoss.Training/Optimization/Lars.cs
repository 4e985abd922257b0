using ErLoss.SelfSupervised.Operators;
using ErLoss.Training.Settings;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.Training.Optimization;

/// <summary>Layer-wise adaptive rate scaling: SGD with momentum whose step, in each layer, goes by the norm of the weights, not of the gradient.</summary>
/// <remarks>
/// <para>You, Gitman and Ginsburg, "Large Batch Training of Convolutional Networks", 2017, arXiv 1708.03888. With weights w, gradient g,
/// weight decay β, trust coefficient η, momentum m and learning rate γ,
/// <code>
/// λ = η‖w‖ / (‖g‖ + β‖w‖)        v ← m·v + λ·(g + β·w)        w ← w − γ·v
/// </code>
/// and λ = 1 where ‖w‖ or ‖g‖ is zero. Clipped, a layer's rate is the lesser of λ
/// and γ instead of their product. The paper multiplies by γ before the momentum; here it comes after, as in this program's SGD. The two
/// differ only while γ changes.</para>
/// <para>A step leaves λ·(g + β·w) in the place of the gradient. Where a layer has no gradient, it and its momentum stay.</para>
/// </remarks>
internal sealed class Lars : FusedSgd
{
    private readonly ParamGroup _adapted;
    private readonly double _weightDecay, _trustCoefficient;
    private readonly bool _clip;

    /// <summary>An optimizer over two groups of parameters.</summary>
    /// <param name="adapted">What is scaled and decays: matrices and convolutions.</param>
    /// <param name="plain">What follows plain SGD with momentum, without decay: biases, norms and scalars, as in SimCLR and BYOL.</param>
    /// <param name="learningRate">γ of the first step; a group's <c>LearningRate</c> later.</param>
    /// <param name="momentum">m, positive.</param>
    /// <param name="weightDecay">β, from 0 up.</param>
    /// <param name="trustCoefficient">η, the length of a layer's step in units of the layer's own norm, before γ; positive.</param>
    /// <param name="clip">Whether a layer's rate is the lesser of λ and γ, as in NVIDIA's LARC and in solo-learn.</param>
    public Lars(
        IEnumerable<Parameter> adapted,
        IEnumerable<Parameter> plain,
        double learningRate,
        double momentum,
        double weightDecay,
        double trustCoefficient,
        bool clip = false)
        : base(
            [new ParamGroup(adapted, learningRate, momentum), new ParamGroup(plain, learningRate, momentum)],
            learningRate,
            momentum)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(weightDecay);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(trustCoefficient);
        _adapted = (ParamGroup)ParamGroups.First();
        _weightDecay = weightDecay;
        _trustCoefficient = trustCoefficient;
        _clip = clip;
    }

    /// <inheritdoc/>
    public override Tensor step(Func<Tensor>? closure = null)
    {
        Tensor? loss = closure?.Invoke();
        ScaleGradients();
        base.step();
        return loss!;
    }

    /// <summary>Puts λ·(g + β·w) in the gradients' place. The factor stays on the device: nothing waits for its value.</summary>
    private void ScaleGradients()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        foreach (var layers in Gradients.List(_adapted).GroupBy(of => of.Weight.dtype))
        {
            ListOperators.Adapt(
                [.. layers.Select(layer => layer.Weight)],
                [.. layers.Select(layer => layer.Gradient)],
                _trustCoefficient,
                _weightDecay,
                _clip,
                _adapted.LearningRate);
        }
    }
}

/// <summary>Gradient descent with momentum in which every layer's step is scaled by the norm of its weights, for large batches; see <see cref="Lars"/>.</summary>
internal sealed record LarsSettings() : OptimizerSettings(1)
{
    /// <summary>η: the length of a layer's step in units of the layer's norm, before the learning rate.</summary>
    [Setting("Length of a layer's step, as a fraction of the norm of its weights.", Above = 0)]
    public double TrustCoefficient { get; init; } = 1e-3;

    /// <summary>Whether LARS only lowers a layer's rate.</summary>
    [Setting("Only lower the learning rate of a layer and never raise it (LARC).")]
    public bool ClipTrust { get; init; }

    /// <inheritdoc/>
    protected override optim.Optimizer Create(IEnumerable<Parameter> decaying, IEnumerable<Parameter> spared) =>
        new Lars(decaying, spared, LearningRate, Momentum, WeightDecay, TrustCoefficient, ClipTrust);
}
