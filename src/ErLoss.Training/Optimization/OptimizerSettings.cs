using ErLoss.Training.Settings;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Training.Optimization;

/// <summary>An optimizer over a module's parameters in two groups: biases, norms and scalars are spared the weight decay.</summary>
/// <param name="LearningRate">At its peak, after warm-up.</param>
internal abstract record OptimizerSettings([property: Setting("Learning rate at its peak.", Above = 0)] double LearningRate) : Section
{
    /// <summary>Momentum of the optimizers that have one.</summary>
    protected const double Momentum = 0.9;

    /// <summary>Weight decay, of matrices and convolutions only.</summary>
    [Setting("Weight decay. It does not apply to biases and normalisation layers.", Least = 0)]
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>A fresh optimizer over the parameters that take a gradient.</summary>
    public optim.Optimizer Create(Module module)
    {
        ILookup<bool, Parameter> byDecay = module.parameters().Where(p => p.requires_grad).ToLookup(p => p.dim() > 1);
        return Create(byDecay[true], byDecay[false]);
    }

    /// <summary>How the learning rate follows the batch size: the factor for a batch that is <paramref name="share"/> of another.</summary>
    /// <remarks>The linear rule for gradient descent (Goyal et al., "Accurate, Large Minibatch SGD", 2017).</remarks>
    public virtual double LearningRateFactor(double share) => share;

    /// <summary>A fresh optimizer over two groups of parameters.</summary>
    protected abstract optim.Optimizer Create(IEnumerable<Parameter> decaying, IEnumerable<Parameter> spared);
}
