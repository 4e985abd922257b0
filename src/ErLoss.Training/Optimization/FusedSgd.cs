using ErLoss.SelfSupervised.Operators;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.Training.Optimization;

/// <summary>SGD with momentum whose step is one operator for all weights of a group, with the settings and the state of TorchSharp's, to the rounding of its results.</summary>
/// <remarks>
/// A weight without a gradient is left as it is, with its momentum. Momentum starts from zero, so the first step makes it equal to the gradient. TorchSharp's SGD,
/// which starts without momentum, does the same.
/// </remarks>
internal class FusedSgd : SGD
{
    /// <summary>An optimizer over groups of parameters.</summary>
    /// <param name="groups">With momentum and weight decay, without dampening or Nesterov's rule.</param>
    /// <param name="learningRate">Of the first step; a group's <c>LearningRate</c> later.</param>
    /// <param name="momentum">m, positive.</param>
    public FusedSgd(IEnumerable<ParamGroup> groups, double learningRate, double momentum)
        : base(groups, learningRate, momentum)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(momentum);
        foreach (Parameter weight in parameters())
        {
            StateOf(weight).momentum_buffer = zeros_like(weight).DetachFromDisposeScope();
        }
    }

    /// <inheritdoc/>
    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(Step, closure);

    private void Step(ParamGroup group)
    {
        foreach (var same in Gradients.List(group).GroupBy(of => of.Weight.dtype))
        {
            ListOperators.Sgd(
                [.. same.Select(of => of.Weight)],
                [.. same.Select(of => of.Gradient)],
                [.. same.Select(of => StateOf(of.Weight).momentum_buffer)],
                group.Options.LearningRate!.Value,
                group.Options.momentum!.Value,
                group.Options.weight_decay!.Value);
        }
    }

    private State StateOf(Parameter weight) => (State)_state[weight.Handle];
}

/// <summary>Stochastic gradient descent with momentum 0.9.</summary>
internal sealed record SgdSettings() : OptimizerSettings(0.3)
{
    /// <inheritdoc/>
    protected override optim.Optimizer Create(IEnumerable<Parameter> decaying, IEnumerable<Parameter> spared) => new FusedSgd(
        [
            new SGD.ParamGroup(decaying, LearningRate, Momentum, weight_decay: WeightDecay),
            new SGD.ParamGroup(spared, LearningRate, Momentum),
        ],
        LearningRate,
        Momentum);
}
