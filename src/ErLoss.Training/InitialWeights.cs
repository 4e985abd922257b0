using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Normalization;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training.Compute;
using ErLoss.Training.Methods;
using ErLoss.Training.Randomness;
using ErLoss.Training.Settings;
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
    /// <param name="group">The ranks that train it together; null if one process trains it.</param>
    /// <exception cref="SettingsException">Batches are to be normalised over all ranks, and the encoder has normalisations that cannot.</exception>
    public static TwoViewMethod Method(Registry registry, RunSettings settings, int images, Action<WeightsReadResult>? onTaken = null, ProcessGroup? group = null)
    {
        Seed(settings.Seed);
        TwoViewMethod method = settings.Method.Create(() => Make(registry, settings, onTaken), images, group);
        if (group is not null && settings.SyncBatchNorm)
        {
            if (SyncBatchNorm.Others(method) is [var first, ..])
            {
                throw registry.Document.Find(settings, "sync_batch_norm").Error(
                    $"is true, but the encoder {registry.Document.NameOf(settings.Encoder)} has batch normalisations of TorchSharp ('{first}'), which normalise by the images of one rank; {nameof(SyncBatchNorm)} of ErLoss.SelfSupervised is wanted in their place, or false");
            }
            SyncBatchNorm.SetGroup(method, group);
        }
        return method;
    }

    /// <summary>The encoder alone as a run starts, on the CPU.</summary>
    /// <param name="registry">Makes the encoder.</param>
    /// <param name="settings">Of the run.</param>
    /// <param name="onTaken">Told what was taken from the file, if there is one.</param>
    /// <exception cref="DataException">The file cannot be read, is not sound, or is of another encoder.</exception>
    public static Encoder Encoder(Registry registry, RunSettings settings, Action<WeightsReadResult>? onTaken = null)
    {
        Seed(settings.Seed);
        return Make(registry, settings, onTaken);
    }

    /// <summary>The encoder, its weights drawn from the global generator as it is, or those of a file.</summary>
    private static Encoder Make(Registry registry, RunSettings settings, Action<WeightsReadResult>? onTaken)
    {
        Encoder encoder = registry.CreateEncoder(settings.Encoder, settings.Data.ImageSize, settings.Encoder.Weights);
        encoder.TrainingType = settings.Compute.Precision == Precision.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        if (settings.Encoder.Weights is { } file)
        {
            WeightsReadResult taken = EncoderFile.Read(file, encoder);
            onTaken?.Invoke(taken);
        }
        return encoder;
    }
}
