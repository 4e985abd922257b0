using ErLoss.SelfSupervised.Onnx;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.SelfSupervised.Encoders;

/// <summary>A network that maps images, (k, 3, h, w) in float32, to features, (k, <see cref="FeatureDimension"/>), which are the means of its feature maps over height and width.</summary>
public abstract class Encoder(string name, int featureDimension) : Module<Tensor, Tensor>(name)
{
    /// <summary>Length of a feature vector.</summary>
    public int FeatureDimension { get; } = featureDimension > 0
        ? featureDimension
        : throw new ArgumentOutOfRangeException(nameof(featureDimension), $"The number of features is {featureDimension}; at least 1 is wanted.");

    /// <summary>
    /// The type that convolutions compute in while training: float32; or bfloat16, with which weights, statistics, features and evaluation stay float32; or float64, for checks of an encoder whose weights are float64.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is another one.</exception>
    public ScalarType TrainingType
    {
        get;
        set => field = value is ScalarType.Float32 or ScalarType.BFloat16 or ScalarType.Float64
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), $"The type is {value}; Float32, BFloat16 or Float64 is wanted.");
    } = ScalarType.Float32;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The images are not floating-point, or their shape is another one.</exception>
    public sealed override Tensor forward(Tensor images)
    {
        Arguments.CheckMaps(images, channels: 3);
        return FeaturesIn(training ? TrainingType : images.dtype, images);
    }

    /// <summary>Features of images with convolutions in the given type, in either mode. They are float32, or float64 if that is the type.</summary>
    /// <exception cref="ArgumentException">The images are not floating-point, or their shape is another one.</exception>
    /// <exception cref="InvalidOperationException">The encoder's feature maps are not as many as its <see cref="FeatureDimension"/>.</exception>
    public Tensor FeaturesIn(ScalarType type, Tensor images)
    {
        Arguments.CheckMaps(images, channels: 3);
        using var scope = NewDisposeScope();
        Tensor channelsLast = images.to(type).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2); // which the CPU's convolutions and tensor cores prefer
        ScalarType features = type == ScalarType.Float64 ? type : ScalarType.Float32;
        Tensor planes = Maps(channelsLast);
        if (planes.dim() != 4 || planes.shape[1] != FeatureDimension)
        {
            throw new InvalidOperationException(
                $"The feature maps of the encoder {GetName()} have the shape {Arguments.ShapeOf(planes)}; (k, {FeatureDimension}, h, w) is wanted, as it has {FeatureDimension} features.");
        }
        Tensor maps = planes.permute(0, 2, 3, 1); // in the order of memory, so that the gradient of the mean comes out channels-last too
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

    /// <summary>As <see cref="DescribeMaps"/>, for the writer of a file.</summary>
    internal string Describe(OnnxGraph graph, string images) => DescribeMaps(graph, images);

    /// <summary>Adds the operators of ONNX that compute the feature maps, in evaluation mode, as <see cref="Maps"/> does.</summary>
    /// <param name="graph">Gets the operators.</param>
    /// <param name="images">Name of the images in the graph.</param>
    /// <returns>Name of the feature maps.</returns>
    /// <exception cref="NotSupportedException">The encoder does not override this, and cannot be written as an ONNX file.</exception>
    protected virtual string DescribeMaps(OnnxGraph graph, string images) =>
        throw new NotSupportedException($"The encoder {GetName()} has no description as operators of ONNX; it has one if it overrides {nameof(DescribeMaps)}.");

    /// <summary>Feature maps, (k, <see cref="FeatureDimension"/>, h', w'), of images (k, 3, h, w) that are channels-last in memory. The maps have the type of the images.</summary>
    protected abstract Tensor Maps(Tensor images);
}
