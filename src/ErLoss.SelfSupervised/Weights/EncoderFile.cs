using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>
/// An encoder's weights alone in a safetensors file, parameters and buffers by the names that PyTorch gives them: <c>layer1.0.conv1.weight</c>,
/// <c>bn1.running_mean</c>.
/// </summary>
public static class EncoderFile
{
    /// <summary>What the names of an encoder's weights begin with among a method's: every method calls its encoder by this name.</summary>
    private const string PrefixInMethod = "encoder.";

    /// <summary>What the names of the classifier begin with that torchvision's networks end with, and encoders here do without.</summary>
    private const string Classifier = "fc.";

    private static readonly Dictionary<string, string> s_metadata = new() { ["format"] = "pt" }; // which Python's readers ask for

    /// <summary>Writes the weights, replacing the file as a whole.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Write(string path, Encoder encoder)
    {
        using var scope = NewDisposeScope();
        SafeTensors.Write(path, NamedTensors.ToSafeTensors(encoder.state_dict()), s_metadata);
    }

    /// <summary>Reads weights into an encoder on whatever device it is: an encoder's own, or those of any method's; a classifier is left out.</summary>
    /// <exception cref="DataException">The file is missing, cannot be read, is not sound, or is of another encoder.</exception>
    public static void Read(string path, Encoder encoder)
    {
        if (Directory.Exists(path))
        {
            throw new DataException($"{path}: a folder; a safetensors file is wanted.");
        }
        using var scope = NewDisposeScope();
        try
        {
            Dictionary<string, SafeTensor> weights = InputFile.Access(path, () => SafeTensors.Read(path)).Tensors;
            string prefix = weights.Keys.Any(name => name.StartsWith(PrefixInMethod, StringComparison.Ordinal)) ? PrefixInMethod : "";
            NamedTensors.CopyTo(
                weights
                    .Where(weight => weight.Key.StartsWith(prefix, StringComparison.Ordinal) && !weight.Key.StartsWith(Classifier, StringComparison.Ordinal))
                    .ToDictionary(),
                encoder.state_dict().ToDictionary(entry => prefix + entry.Key, entry => entry.Value));
        }
        catch (InvalidDataException e)
        {
            throw new DataException(e.Message.StartsWith(path, StringComparison.Ordinal) ? e.Message : $"{path}: {e.Message}", e);
        }
    }
}
