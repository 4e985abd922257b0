using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.SelfSupervised.Encoders;

/// <summary>Images to features: (k, 3, h, w) float32 to (k, <see cref="FeatureDimension"/>), the mean of feature maps over space.</summary>
public abstract class Encoder(string name, int featureDimension) : Module<Tensor, Tensor>(name)
{
    /// <summary>Length of a feature vector.</summary>
    public int FeatureDimension { get; } = featureDimension;

    /// <summary>The type that convolutions compute in while training, float32 or bfloat16; weights, statistics, features and evaluation are float32 always.</summary>
    public ScalarType TrainingType { get; set; } = ScalarType.Float32;

    /// <inheritdoc/>
    public sealed override Tensor forward(Tensor images) => FeaturesIn(training ? TrainingType : images.dtype, images);

    /// <summary>Features of images by convolutions in a type, whatever the mode; float32, or float64 if that is the type.</summary>
    public Tensor FeaturesIn(ScalarType type, Tensor images)
    {
        using var scope = NewDisposeScope();
        Tensor channelsLast = images.to(type).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2); // which the CPU's convolutions and tensor cores prefer
        ScalarType features = type == ScalarType.Float64 ? type : ScalarType.Float32;
        Tensor maps = Maps(channelsLast).permute(0, 2, 3, 1); // in the order of memory, so that the gradient of the mean comes out channels-last too
        return maps.mean([1, 2], type: features).MoveToOuterDisposeScope();
    }

    /// <summary>An encoder of the same weights in float64 and its evaluation mode on the CPU. The global generator is left in the state it was in.</summary>
    public virtual Encoder InFloat64()
    {
        using Tensor state = Generator.Default.get_state();
        Encoder copy = Fresh();
        Generator.Default.set_state(state);
        using var scope = NewDisposeScope();
        copy.load_state_dict(state_dict());
        copy.to(ScalarType.Float64);
        copy.eval();
        return copy;
    }

    /// <summary>An encoder of the same make, its weights drawn from the global generator.</summary>
    protected abstract Encoder Fresh();

    /// <summary>Feature maps, (k, <see cref="FeatureDimension"/>, h', w'), of images (k, 3, h, w) that are laid out channels-last; of the images' type.</summary>
    protected abstract Tensor Maps(Tensor images);
}
