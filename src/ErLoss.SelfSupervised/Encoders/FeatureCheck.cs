using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Encoders;

/// <summary>
/// Checks whether this machine computes the features of an encoder correctly: it compares those of a batch with those of its images one by one, and with a
/// computation in float64 by patches and matrix products.
/// </summary>
/// <remarks>
/// libtorch chooses the kernels of a convolution by the processor and by the shape, the batch included, and some give wrong values on some
/// machines, without a message. The error is then a tenth to a half of the norm of the features, far more than rounding.
/// <para>The time of the computation in float64 grows with the number of pixels, to half a minute for an image of 256×256 pixels. Images above 64×64 are therefore checked in two parts: images of 32×32 as described above, and
/// an image of the wanted size alone and in a pair, without float64. Above 256×256, that image has 256×256 pixels. A kernel that is wrong for large images alone, and equally wrong for one image and for two, is not found.</para>
/// </remarks>
public static class FeatureCheck
{
    /// <summary>The environment variable that keeps oneDNN, the library of the CPU's convolutions, from using the kernels that gave wrong values.</summary>
    public const string Cure = "ONEDNN_MAX_CPU_ISA";

    private const int Images = 4, ImagesInFloat64 = 2; // float64 is slow
    private const int SmallSize = 32, MediumSize = 64; // above the one a single image, above the other none is computed in float64
    private const int LargeSize = 256; // two images of this size take resnet18 a second in float32
    private const int Pair = 2, Batch = 16; // sizes at which wrong kernels were seen
    private const double AllowedInFloat32 = 1e-3, AllowedWhereRounded = 0.05;

    /// <summary>Checks an encoder before it is used.</summary>
    /// <param name="encoder">On its device, in whatever mode; left as it was.</param>
    /// <param name="size">Height and width of the images to come, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 1.</exception>
    /// <exception cref="WrongFeaturesException">Its features are wrong; the message says by how much, and what to do.</exception>
    public static void Require(Encoder encoder, long size)
    {
        if (Measure(encoder, size).FirstOrDefault(error => !error.IsRight) is { } wrong)
        {
            throw new WrongFeaturesException(Describe(encoder, wrong));
        }
    }

    /// <summary>The errors in float32 and in the type the encoder trains in; none if its weights give no finite features even in float64.</summary>
    /// <param name="encoder">On its device, in whatever mode; left as it was.</param>
    /// <param name="size">Height and width of the images, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 1.</exception>
    public static IReadOnlyList<FeatureError> Measure(Encoder encoder, long size)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size); // libtorch's rand ends the process on a negative one
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var generator = new Generator(0, CPU); // its own, so that the run draws what it would have drawn without the check
        bool isLarge = size > MediumSize;
        Tensor images = Draw(Images, isLarge ? SmallSize : size);
        using Encoder inFloat64 = encoder.InFloat64();
        Tensor truth = inFloat64.FeaturesIn(ScalarType.Float64, images.narrow(0, 0, size is > SmallSize and <= MediumSize ? 1 : ImagesInFloat64).to(ScalarType.Float64));
        if (!truth.isfinite().all().item<bool>())
        {
            return []; // that is the weights' fault, and others say so
        }
        Tensor here = images.to(DeviceOf(encoder));
        Tensor? large = isLarge ? Draw(Pair, Math.Min(size, LargeSize)).to(DeviceOf(encoder)) : null;
        using var evaluated = new EvaluationMode(encoder);
        return [.. new[] { ScalarType.Float32, encoder.TrainingType }.Distinct().Select(type => Compare(encoder, type, here, truth, large))];

        Tensor Draw(int count, long side) => rand([count, 3, side, side], device: CPU, generator: generator) * (Pixels.Most - Pixels.Least) + Pixels.Least;
    }

    /// <summary>The check in words: "features right (float32 to 2.2e-07, bfloat16 to 0.0022)".</summary>
    public static string Describe(Encoder encoder, long size)
    {
        IReadOnlyList<FeatureError> errors = Measure(encoder, size);
        return errors.FirstOrDefault(error => !error.IsRight) is { } wrong ? Describe(encoder, wrong)
            : errors.Count == 0 ? "features not checked, as the weights give none that are finite"
            : $"features right ({string.Join(", ", errors.Select(error => FormattableString.Invariant($"{Name(error.Type)} to {error.Error:g2}")))})";
    }

    /// <summary>The largest error in a type.</summary>
    /// <param name="encoder">In evaluation mode.</param>
    /// <param name="type">What convolutions compute in.</param>
    /// <param name="images">Compared one by one, in a pair and in a batch.</param>
    /// <param name="truth">The features of the first of them, in float64.</param>
    /// <param name="large">A pair of images that are too large for that; null if there are none.</param>
    private static FeatureError Compare(Encoder encoder, ScalarType type, Tensor images, Tensor truth, Tensor? large)
    {
        Tensor single = cat([.. images.split(1).Select(Features)]); // one by one
        Tensor pair = Features(images.narrow(0, 0, Pair)), batch = Features(images.repeat(Batch / Images, 1, 1, 1));
        double[] errors =
        [
            Error(single.narrow(0, 0, truth.shape[0]), truth),
            Error(pair, single.narrow(0, 0, Pair)),
            Error(batch, single.repeat(Batch / Images, 1)),
            large is null ? 0 : Error(Features(large).narrow(0, Pair - 1, 1), Features(large.narrow(0, Pair - 1, 1))),
        ];
        bool rounds = type != ScalarType.Float32 || (images.device_type == DeviceType.CUDA && backends.cudnn.allow_tf32);
        return new FeatureError(type, errors.Any(double.IsNaN) ? double.NaN : errors.Max(), rounds ? AllowedWhereRounded : AllowedInFloat32);

        Tensor Features(Tensor part) => encoder.FeaturesIn(type, part).to(ScalarType.Float64).cpu();
    }

    private static double Error(Tensor features, Tensor truth)
    {
        double distance = (features - truth).norm(1).max().item<double>(), length = truth.norm(1).max().item<double>();
        return distance == 0 ? 0 : distance / length; // weights may give features of zero
    }

    private static string Describe(Encoder encoder, FeatureError wrong)
    {
        Device device = DeviceOf(encoder);
        string remedy = device.type == DeviceType.CUDA ? "compute on the CPU, or use another libtorch"
            : Environment.GetEnvironmentVariable(Cure) is { } value ? $"{Cure}={value} did not cure it, so use another machine or another libtorch"
            : $"set {Cure}=AVX2 in the environment and start again";
        return FormattableString.Invariant(
            $"This machine's libtorch computes the features of {encoder.GetName()} in {Name(wrong.Type)} on {device} wrongly (relative error {wrong.Error:g2} where {wrong.Allowed:g2} is allowed); {remedy}.");
    }

    /// <summary>That of its parameters; an encoder that has none computes where its images are.</summary>
    private static Device DeviceOf(Encoder encoder) => encoder.parameters().FirstOrDefault()?.device ?? CPU;

    private static string Name(ScalarType type) => type.ToString().ToLowerInvariant();
}
