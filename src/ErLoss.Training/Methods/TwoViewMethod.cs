using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Randomness;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Training.Methods;

/// <summary>
/// A self-supervised method as the trainer knows it: a module that turns two views of a batch into a loss, around an encoder that
/// is what training is for.
/// </summary>
/// <remarks>
/// To add a method, derive from this in a file of its own and name its settings in <see cref="Registry"/>. All that a method carries from step
/// to step is a parameter or a buffer, so that a checkpoint holds it.
/// </remarks>
internal abstract class TwoViewMethod(string name) : Module<ViewBatch, MethodTerms>(name)
{
    /// <summary>The encoder whose features are evaluated.</summary>
    public abstract Encoder Encoder { get; }

    /// <summary>What the head makes of features, (k, d).</summary>
    public abstract MethodOutputs Project(Tensor features);

    /// <summary>Called before an epoch's first step.</summary>
    /// <param name="features">Computes the encoder's features of all training images, (n, d), as it is now.</param>
    /// <param name="random">A stream of the epoch's own.</param>
    public virtual void BeginEpoch(Func<Tensor> features, RandomStream random)
    {
    }

    /// <summary>Which images an epoch visits, in which order: each once, shuffled, unless a method samples otherwise.</summary>
    /// <param name="count">Number of training images, and of visits.</param>
    /// <param name="random">A stream of the epoch's own.</param>
    public virtual long[] Order(int count, RandomStream random) => random.Permutation(count);

    /// <summary>What training has brought out of its range, if anything: a clause that names it. It may wait for the device.</summary>
    public virtual string? Fault() => null;

    /// <summary>Called after each of the optimizer's steps.</summary>
    /// <param name="progress">How much of the steps of the current schedule is done, in (0, 1]; a run has one schedule unless its number of epochs was changed.</param>
    public virtual void AfterStep(double progress)
    {
    }
}
