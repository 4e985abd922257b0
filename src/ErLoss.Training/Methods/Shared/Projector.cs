using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Training.Methods;

/// <summary>Features to projections: two linear layers with batch normalisation and ReLU between them.</summary>
internal static class Projector
{
    /// <summary>A fresh projector, (k, <paramref name="inputs"/>) to (k, <paramref name="outputs"/>).</summary>
    public static Module<Tensor, Tensor> Create(int inputs, int hidden, int outputs) => Sequential(
        ("fc1", Linear(inputs, hidden, hasBias: false, device: CPU)),
        ("bn", BatchNorm1d(hidden, device: CPU)),
        ("relu", ReLU()),
        ("fc2", Linear(hidden, outputs, device: CPU)));
}
