using ErLoss.SelfSupervised.Operators;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.Training.Optimization;

/// <summary>AdamW whose step is one operator for all weights of a group, with the settings and the state of TorchSharp's, to the rounding of its results.</summary>
/// <remarks>A weight without a gradient is left as it is, with all that is kept for it, its number of steps included.</remarks>
internal sealed class FusedAdamW(IEnumerable<AdamW.ParamGroup> groups, double learningRate) : AdamW(groups, learningRate)
{
    /// <inheritdoc/>
    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(Step, closure);

    private void Step(ParamGroup group)
    {
        Options options = group.Options;
        (double beta1, double beta2) = group.Betas;
        foreach (var same in Gradients.List(group).Select(WithState).GroupBy(of => (Step: ++of.State.step, of.Weight.dtype)))
        {
            ListOperators.AdamW(
                [.. same.Select(of => of.Weight)],
                [.. same.Select(of => of.Gradient)],
                [.. same.Select(of => of.State.exp_avg)],
                [.. same.Select(of => of.State.exp_avg_sq)],
                same.Key.Step,
                options.LearningRate!.Value,
                beta1,
                beta2,
                options.weight_decay!.Value,
                options.eps!.Value);
        }
    }

    private (Tensor Weight, Tensor Gradient, State State) WithState((Parameter Weight, Tensor Gradient) of) => (of.Weight, of.Gradient, (State)_state[of.Weight.Handle]);
}

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019).</summary>
internal sealed record AdamWSettings() : OptimizerSettings(3e-3)
{
    /// <inheritdoc/>
    /// <remarks>The square-root rule (Malladi et al., "On the SDEs and Scaling Rules for Adaptive Gradient Algorithms", NeurIPS 2022).</remarks>
    public override double LearningRateFactor(double share) => Math.Sqrt(share);

    /// <inheritdoc/>
    protected override optim.Optimizer Create(IEnumerable<Parameter> decaying, IEnumerable<Parameter> spared) => new FusedAdamW(
        [
            new AdamW.ParamGroup(decaying, LearningRate, weight_decay: WeightDecay),
            new AdamW.ParamGroup(spared, LearningRate, weight_decay: 0),
        ],
        LearningRate);
}
