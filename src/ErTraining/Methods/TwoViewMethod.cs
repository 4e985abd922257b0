using ErTraining.Encoders;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErTraining.Methods;

/// <summary>
/// A self-supervised method as the trainer knows it: a module that turns two views of a batch into a loss, around an encoder that
/// is what training is for.
/// </summary>
/// <remarks>To add a method, derive from this in a file of its own and name it in <see cref="MethodCatalog"/>.</remarks>
internal abstract class TwoViewMethod(string name) : Module<Tensor, Tensor, MethodTerms>(name)
{
    /// <summary>The encoder whose features are evaluated.</summary>
    public abstract Encoder Encoder { get; }
}
