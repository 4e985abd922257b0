using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.SelfSupervised.Encoders;

/// <summary>A network that maps images, (k, 3, h, w) in float32, to features, (k, <see cref="FeatureDimension"/>), which are the means of its feature maps over height and width.</summary>
public abstract class Encoder(string name, int featureDimension) : Module<Tensor, Tensor>(name)
{
    /// <summary>Length of a feature vector.</summary>
    public int FeatureDimension { get; } = featureDimension;

    /// <summary>The type that convolutions compute in while training, float32 or bfloat16; weights, statistics, features and evaluation are always float32.</summary>
    public ScalarType TrainingType { get; set; } = ScalarType.Float32;

    /// <inheritdoc/>
    public sealed override Tensor forward(Tensor images) => FeaturesIn(training ? TrainingType : images.dtype, images);

    /// <summary>Features of images with convolutions in the given type, in either mode. They are float32, or float64 if that is the type.</summary>
    public Tensor FeaturesIn(ScalarType type, Tensor images)
    {
        using var scope = NewDisposeScope();
        Tensor channelsLast = images.to(type).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2); // which the CPU's convolutions and tensor cores prefer
        ScalarType features = type == ScalarType.Float64 ? type : ScalarType.Float32;
        Tensor maps = Maps(channelsLast).permute(0, 2, 3, 1); // in the order of memory, so that the gradient of the mean comes out channels-last too
        return maps.mean([1, 2], type: features).MoveToOuterDisposeScope();
    }

    /// <summary>A copy of the encoder with the same weights, in float64 and evaluation mode, on the CPU. The state of the global generator does not change.</summary>
    public virtual Encoder InFloat64()
    {
        Encoder copy = DefaultGenerator.Preserve(Fresh);
        using var scope = NewDisposeScope();
        copy.load_state_dict(state_dict());
        copy.to(ScalarType.Float64);
        copy.eval();
        return copy;
    }

    /// <summary>Makes an encoder of the same architecture, whose weights are drawn from the global generator.</summary>
    protected abstract Encoder Fresh();

    /// <summary>Feature maps, (k, <see cref="FeatureDimension"/>, h', w'), of images (k, 3, h, w) that are channels-last in memory. The maps have the type of the images.</summary>
    protected abstract Tensor Maps(Tensor images);
}
