using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErTraining.Encoders;

/// <summary>Images to features: (k, 3, 32, 32) float32 to (k, <see cref="FeatureDimension"/>), the mean of feature maps over space.</summary>
internal abstract class Encoder(string name, int featureDimension) : Module<Tensor, Tensor>(name)
{
    /// <summary>Length of a feature vector.</summary>
    public int FeatureDimension { get; } = featureDimension;

    /// <summary>The type that convolutions compute in while training, float32 or bfloat16; weights, statistics, features and evaluation are float32 always.</summary>
    public ScalarType TrainingType { get; set; } = ScalarType.Float32;

    /// <inheritdoc/>
    public sealed override Tensor forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        Tensor typed = training ? images.to(TrainingType) : images;
        Tensor channelsLast = typed.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2); // which the CPU's convolutions and tensor cores prefer
        return Maps(channelsLast).mean([2, 3], type: ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Feature maps, (k, <see cref="FeatureDimension"/>, h, w), of images (k, 3, 32, 32) that are laid out channels-last; of the images' type.</summary>
    protected abstract Tensor Maps(Tensor images);
}
