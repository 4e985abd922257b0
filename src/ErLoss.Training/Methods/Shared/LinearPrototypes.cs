using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Training.Methods;

/// <summary>A linear layer from (k, d) unit rows to (k, count) scores, whose rows are unit vectors before each step: cosines and a bias.</summary>
/// <remarks>Unlike those of <see cref="Prototypes"/>, its gradient is not orthogonal to the rows.</remarks>
internal sealed class LinearPrototypes : Module<Tensor, Tensor>
{
    private readonly Linear linear;

    /// <summary>Directions drawn as a linear layer's rows, and a bias drawn as a linear layer's.</summary>
    public LinearPrototypes(int dimension, int count)
        : base(nameof(LinearPrototypes))
    {
        linear = Linear(dimension, count, device: CPU);
        Normalize();
        RegisterComponents();
    }

    /// <summary>Makes the rows unit vectors again.</summary>
    public void Normalize()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        linear.weight!.copy_(functional.normalize(linear.weight!, dim: 1));
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor embeddings) => linear.call(embeddings);
}
