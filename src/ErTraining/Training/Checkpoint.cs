using ErTraining.Data;
using ErTraining.Encoders;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErTraining.Training;

/// <summary>A method's weights on disk: parameters and buffers by their names, in the safetensors format.</summary>
internal static class Checkpoint
{
    private const string WeightsFile = "model.safetensors";

    /// <summary>What the names of an encoder's weights begin with: every method calls its encoder by this name.</summary>
    private const string EncoderPrefix = "encoder.";

    /// <summary>Writes the weights into a folder, made if it is not there. What was there stays as it was if this fails.</summary>
    /// <exception cref="IOException">The folder or file cannot be written.</exception>
    public static void Save(string directory, Module module)
    {
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(directory);
        SafeTensors.Write(Path.Combine(directory, WeightsFile), NamedTensors.ToSafeTensors(module.state_dict()));
    }

    /// <summary>Reads weights into a module of the same names and shapes, on whatever device it is.</summary>
    /// <exception cref="InvalidDataException">The file is not sound, or is of another module; the message is a line that names it.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static void Load(string directory, Module module)
    {
        string path = Path.Combine(directory, WeightsFile);
        Copy(path, SafeTensors.Read(path).Tensors, module, prefix: "");
    }

    /// <summary>Reads the encoder's part of a method's weights, whatever the method.</summary>
    /// <exception cref="DataException">The file is missing, cannot be read, is not sound, or is of another encoder.</exception>
    public static void LoadEncoder(string directory, Encoder encoder)
    {
        string path = Path.Combine(directory, WeightsFile);
        try
        {
            Dictionary<string, SafeTensor> weights = InputFile.Access(path, () => SafeTensors.Read(path)).Tensors;
            Copy(path, weights.Where(weight => weight.Key.StartsWith(EncoderPrefix, StringComparison.Ordinal)).ToDictionary(), encoder, EncoderPrefix);
        }
        catch (InvalidDataException e)
        {
            throw new DataException(e.Message, e);
        }
    }

    private static void Copy(string path, Dictionary<string, SafeTensor> weights, Module module, string prefix)
    {
        using var scope = NewDisposeScope();
        try
        {
            NamedTensors.CopyTo(weights, module.state_dict().ToDictionary(entry => prefix + entry.Key, entry => entry.Value));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException(OneLine.Of($"{path}: {e.Message}"), e);
        }
    }
}
