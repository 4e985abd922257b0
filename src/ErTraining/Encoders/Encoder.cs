using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErTraining.Encoders;

/// <summary>Images to features: (k, 3, 32, 32) float32 to (k, <see cref="FeatureDimension"/>).</summary>
internal abstract class Encoder(string name, int featureDimension) : Module<Tensor, Tensor>(name)
{
    /// <summary>Length of a feature vector.</summary>
    public int FeatureDimension { get; } = featureDimension;
}
