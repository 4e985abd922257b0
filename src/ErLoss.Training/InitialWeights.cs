using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training.Compute;
using ErLoss.Training.Encoders;
using ErLoss.Training.Methods;
using ErLoss.Training.Randomness;
using static TorchSharp.torch;

namespace ErLoss.Training;

/// <summary>Networks as a run starts with them. Their weights are drawn on the CPU, the encoder's first, whatever device they move to afterwards.</summary>
internal static class InitialWeights
{
    /// <summary>Makes the global generator ready to draw the initial weights, the encoder's first.</summary>
    public static void Seed(int seed) => manual_seed(RandomStream.Seed(seed, RandomPurpose.Weights, 0));

    /// <summary>The method as a run starts, its weights drawn by the seed, or its encoder's read from a file, on the CPU.</summary>
    /// <param name="registry">Makes the encoder.</param>
    /// <param name="settings">Of the run.</param>
    /// <param name="images">Number of training images.</param>
    /// <param name="onTaken">Told what was taken from the file, if there is one.</param>
    public static TwoViewMethod Method(Registry registry, RunSettings settings, int images, Action<WeightsReadResult>? onTaken = null)
    {
        Seed(settings.Seed);
        return settings.Method.Create(() => Encoder(registry, settings.Encoder, settings.Compute.Precision, onTaken), images);
    }

    /// <summary>The encoder alone as a run starts, on the CPU.</summary>
    /// <param name="registry">Makes the encoder.</param>
    /// <param name="settings">Of the run.</param>
    public static Encoder Encoder(Registry registry, RunSettings settings)
    {
        Seed(settings.Seed);
        return Encoder(registry, settings.Encoder, settings.Compute.Precision);
    }

    /// <summary>The encoder as a run starts: its weights drawn from the global generator, or those of a file.</summary>
    /// <param name="registry">Makes the encoder.</param>
    /// <param name="settings">Of the encoder.</param>
    /// <param name="precision">What convolutions compute in while training.</param>
    /// <param name="onTaken">Told what was taken from the file, if there is one.</param>
    /// <exception cref="DataException">The file cannot be read, is not sound, or is of another encoder.</exception>
    public static Encoder Encoder(Registry registry, EncoderSettings settings, Precision precision, Action<WeightsReadResult>? onTaken = null)
    {
        Encoder encoder = registry.CreateEncoder(settings);
        encoder.TrainingType = precision == Precision.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        if (settings.Weights is { } file)
        {
            WeightsReadResult taken = EncoderFile.Read(file, encoder);
            onTaken?.Invoke(taken);
        }
        return encoder;
    }
}
