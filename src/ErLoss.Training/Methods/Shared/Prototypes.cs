using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Training.Methods;

/// <summary>Directions that embeddings are compared with: (k, d) unit rows to (k, count) cosines.</summary>
/// <remarks>A linear layer without bias whose rows are normalised as they are used: weight norm with gains fixed at one.</remarks>
internal sealed class Prototypes : Module<Tensor, Tensor>
{
    private readonly Parameter weight;

    /// <summary>Directions drawn uniformly.</summary>
    /// <param name="dimension">d.</param>
    /// <param name="count">Number of prototypes.</param>
    /// <param name="norm">Norm of the weights at the start: outputs do not depend on it, but the shorter they are, the faster they turn.</param>
    public Prototypes(int dimension, int count, double norm = 1)
        : base(nameof(Prototypes))
    {
        using Tensor normal = randn(count, dimension, device: CPU);
        weight = new Parameter(functional.normalize(normal, dim: 1).mul_(norm));
        weight.DetachFromDisposeScope(); // it is the module's, whatever scope is open where that is made
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor embeddings) => functional.linear(embeddings, functional.normalize(weight, dim: 1));
}
