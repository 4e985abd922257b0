using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training;
using ErLoss.Training.Compute;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using ErLoss.Training.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>Every method, natively and with ER, on a device against the CPU.</summary>
/// <remarks>The truth is what the CPU computes in float32, so the limits are those of two orders of summation, and of ten steps between.</remarks>
internal static class MethodChecks
{
    private const int Images = 640, BatchSize = 64; // ten steps

    private static readonly Lazy<ImageData> s_data = new(() => SyntheticImages.Create(Images, 100, seed: 0));

    /// <summary>All of them.</summary>
    public static IEnumerable<Check> All { get; } =
    [
        .. from name in Registry.Default.Methods.Keys
           from objective in Enum.GetValues<Objective>()
           select new Check($"{name}, {objective}, terms and gradient", device => Call(name, objective, device)),
        .. from name in Registry.Default.Methods.Keys
           from objective in Enum.GetValues<Objective>()
           select new Check($"{name}, {objective}, ten steps", device => TenSteps(name, objective, Precision.Float32, 5e-3, device)),
        // float64 beside float32 among the weights that an optimizer moves
        new Check("simclr, learnt κ, ten steps", device => TenSteps("simclr", Objective.Er, Precision.Float32, 5e-3, device, ("learn_kappa", "true"))),
        new Check("byol, queue, ten steps", device => TenSteps("byol", Objective.Er, Precision.Float32, 5e-3, device, ("queue", "256"))),
        new Check("simclr, bfloat16, ten steps", device => TenSteps("simclr", Objective.Er, Precision.BFloat16, 5e-2, device)),
        .. from encoder in Registry.Default.Encoders select new Check($"features of {encoder}", device => FeaturesOf(encoder, device)),
    ];

    private static IEnumerable<Finding> Call(string name, Objective objective, Device device)
    {
        const double Limit = 2e-3;
        InFullPrecision();
        using TwoViewMethod here = Create(name, objective), there = Create(name, objective);
        Tensor pixels = randint(0, 256, [32, 3, 32, 32], dtype: ScalarType.Byte);
        here.BeginEpoch(() => Features.Compute(here.Encoder, pixels), new RandomStream(0, RandomPurpose.Method, 2)); // a method that clusters has no gradient before
        there.load_state_dict(here.state_dict());
        there.to(device);
        Tensor view = randn(8, 3, 32, 32), other = view + 0.1 * randn(8, 3, 32, 32), indices = arange(8, dtype: ScalarType.Int64);
        MethodTerms wanted = here.call(new ViewBatch(view, other, indices));
        MethodTerms terms = there.call(new ViewBatch(view.to(device), other.to(device), indices.to(device)));
        wanted.Loss.backward();
        terms.Loss.backward();
        yield return Finding.That("the loss is on the device", terms.Loss.device.type == device.type);
        yield return Finding.OfTensor("loss", terms.Loss, wanted.Loss, Limit);
        yield return Finding.OfTensor("entropy", terms.Entropy, wanted.Entropy, Limit);
        yield return Finding.OfTensor("reconstruction", terms.Reconstruction, wanted.Reconstruction, Limit);
        yield return Finding.OfTensor("gradient", Gradient(there), Gradient(here), Limit);

        static Tensor Gradient(TwoViewMethod method) =>
            cat([.. method.Encoder.parameters().Select(parameter => parameter.grad!.reshape(-1).cpu())]);
    }

    private static IEnumerable<Finding> TenSteps(string name, Objective objective, Precision precision, double limit, Device device, params (string Word, string Value)[] more)
    {
        InFullPrecision();
        RunSettings settings = Settings(
            name, objective, 16, [("hidden_dimension", "64"), ("projection_dimension", "32"), ("epochs", "1"), ("batch_size", $"{BatchSize}"), .. more]);
        settings = settings with { Compute = settings.Compute with { Precision = precision } };
        RunResult wanted = Train(settings, CPU), run = Train(settings, device);
        yield return Finding.That("the run was on the device", run.Device == device.ToString());
        yield return Finding.OfScalar("loss", run.Loss!.Value, wanted.Loss!.Value, limit);
        yield return Finding.OfScalar("entropy", run.Entropy!.Value, wanted.Entropy!.Value, limit);
        yield return Finding.OfScalar("reconstruction", run.Reconstruction!.Value, wanted.Reconstruction!.Value, limit);
    }

    private static IEnumerable<Finding> FeaturesOf(string name, Device device)
    {
        InFullPrecision();
        using Encoder here = Registry.Default.CreateEncoder(name), there = Registry.Default.CreateEncoder(name);
        there.load_state_dict(here.state_dict());
        there.to(device);
        Tensor pixels = randint(0, 256, [32, 3, 32, 32], dtype: ScalarType.Byte);
        yield return Finding.OfTensor("features", Features.Compute(there, pixels.to(device)), Features.Compute(here, pixels), 1e-4);
    }

    private static RunResult Train(RunSettings settings, Device device)
    {
        using var trainer = new Trainer(Registry.Default, settings, s_data.Value, device);
        return trainer.Run(CancellationToken.None);
    }

    private static TwoViewMethod Create(string name, Objective objective) =>
        Settings(name, objective, 10, [("hidden_dimension", "16"), ("projection_dimension", "12")]).Method.Create(() => new ConvNet(), images: 32);

    /// <summary>A method with few prototypes, if it has any.</summary>
    private static RunSettings Settings(string name, Objective objective, int prototypes, IEnumerable<(string Word, string Value)> words)
    {
        var settings = new RunSettings { Method = Registry.Default.Methods[name] with { Objective = objective } };
        bool hasPrototypes = Registry.Default.Document.HasMeaning(settings, "prototypes");
        return Registry.Default.Document.With(settings, hasPrototypes ? words.Append(("prototypes", $"{prototypes}")) : words);
    }

    /// <summary>Float32 without TF32: its rounding is no error of the device.</summary>
    private static void InFullPrecision() => Devices.AllowTf32(Tf32.None);
}
