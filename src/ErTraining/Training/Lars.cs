using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErTraining.Training;

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
/// <para>A step leaves λ·(g + β·w) in the place of the gradient.</para>
/// </remarks>
internal sealed class Lars : SGD
{
    private readonly IEnumerable<Parameter> _adapted;
    private readonly double _weightDecay, _trustCoefficient;
    private readonly bool _clip;

    /// <summary>An optimizer over two groups of parameters.</summary>
    /// <param name="adapted">What is scaled and decays: matrices and convolutions.</param>
    /// <param name="plain">What follows plain SGD with momentum, without decay: biases, norms and scalars, as in SimCLR and BYOL.</param>
    /// <param name="learningRate">γ of the first step; a group's <c>LearningRate</c> later.</param>
    /// <param name="momentum">m, from 0 up.</param>
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
        _adapted = adapted;
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
        double learningRate = ParamGroups.First().LearningRate;
        foreach (Parameter weight in _adapted)
        {
            if (weight.grad is not { } gradient)
            {
                continue;
            }
            Tensor weightNorm = weight.norm(), gradientNorm = gradient.norm();
            Tensor trust = _trustCoefficient * weightNorm / (gradientNorm + _weightDecay * weightNorm);
            if (_clip)
            {
                trust = (trust / learningRate).clamp_max(1);
            }
            Tensor factor = where((weightNorm > 0) & (gradientNorm > 0), trust, ones_like(trust));
            gradient.add_(weight, alpha: _weightDecay).mul_(factor);
        }
    }
}
