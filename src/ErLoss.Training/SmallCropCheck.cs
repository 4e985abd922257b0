using System.Runtime.InteropServices;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Compute;
using ErLoss.Training.Settings;
using static TorchSharp.torch;

namespace ErLoss.Training;

/// <summary>Checks whether an encoder takes small crops. Those that come with the program take every size; one of a user may want more pixels, or images of one size.</summary>
internal static class SmallCropCheck
{
    /// <summary>Refuses small crops of a size that the encoder cannot take; it is tried on images of that size.</summary>
    /// <param name="registry">Knows the setting of the size.</param>
    /// <param name="settings">Of the run.</param>
    /// <param name="encoder">In whatever mode; left as it was.</param>
    /// <exception cref="SettingsException">It cannot; the message says what it answered.</exception>
    public static void Require(Registry registry, RunSettings settings, Encoder encoder)
    {
        int size = settings.Crops.SizeOfSmallCrops(settings.Data.ImageSize);
        if (settings.Crops.SmallCrops == 0)
        {
            return;
        }
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var evaluated = new EvaluationMode(encoder);
        try
        {
            encoder.call(zeros(2, 3, size, size, device: encoder.parameters().FirstOrDefault()?.device ?? CPU));
        }
        catch (Exception e) when (e is ExternalException or ArgumentException or InvalidOperationException && !OutOfMemory.Is(e))
        {
            throw registry.Document.Find(settings, "small_crop_size").Error(
                $"is {size}, but the encoder {registry.Document.NameOf(settings.Encoder)} cannot take images of {size}×{size} pixels; another size or another encoder is wanted. It says: {e.Message.Split('\n')[0].Trim()}");
        }
    }
}
