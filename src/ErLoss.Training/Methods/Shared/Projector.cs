using ErLoss.SelfSupervised.Normalization;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Training.Methods;

/// <summary>Features to projections: two linear layers with ReLU between them, and batch normalisations where the settings want them.</summary>
internal static class Projector
{
    /// <summary>A fresh projector, (k, <paramref name="inputs"/>) to (k, <see cref="HeadSettings.ProjectionDimension"/>).</summary>
    /// <remarks>A layer right before a batch normalisation has no bias, since the normalisation would take it away again.</remarks>
    public static Module<Tensor, Tensor> Create(int inputs, HeadSettings head)
    {
        int hidden = head.HiddenDimension, outputs = head.ProjectionDimension;
        List<(string, Module<Tensor, Tensor>)> layers = [("fc1", Linear(inputs, hidden, hasBias: !head.HiddenNorm, device: CPU))];
        if (head.HiddenNorm)
        {
            layers.Add(("bn", new SyncBatchNorm(hidden)));
        }
        layers.Add(("relu", ReLU()));
        layers.Add(("fc2", Linear(hidden, outputs, hasBias: !head.OutputNorm, device: CPU)));
        if (head.OutputNorm)
        {
            layers.Add(("bn2", new SyncBatchNorm(outputs)));
        }
        return Sequential(layers);
    }
}
