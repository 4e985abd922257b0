using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Weights;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Training.Checkpoints;

/// <summary>A method's weights on disk: parameters and buffers by their names, in the safetensors format.</summary>
internal static class ModelWeights
{
    private const string WeightsFile = "model.safetensors";

    /// <summary>Writes the weights into a folder, made if it is not there. What was there stays as it was if this fails.</summary>
    /// <exception cref="IOException">The folder or file cannot be written.</exception>
    public static void Save(string directory, Module module)
    {
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(directory);
        SafeTensors.Write(Path.Combine(directory, WeightsFile), NamedTensors.ToSafeTensors(module.state_dict()));
    }

    /// <summary>Reads weights by their names.</summary>
    /// <exception cref="DataException">The file is missing, cannot be read or is not sound; the message is a line that names it.</exception>
    public static IReadOnlyDictionary<string, SafeTensor> Read(string directory)
    {
        string path = Path.Combine(directory, WeightsFile);
        try
        {
            return SafeTensors.Read(path).Tensors;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new DataException(e.Message, e);
        }
    }

    /// <summary>Reads weights into a module of the same names and shapes, on whatever device it is.</summary>
    /// <exception cref="InvalidDataException">The file is not sound, or is of another module; the message is a line that names it.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static void Load(string directory, Module module)
    {
        string path = Path.Combine(directory, WeightsFile);
        Dictionary<string, SafeTensor> weights = SafeTensors.Read(path).Tensors;
        using var scope = NewDisposeScope();
        try
        {
            NamedTensors.CopyTo(weights, module.state_dict());
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException(OneLine.Format($"{path}: {e.Message}"), e);
        }
    }

    /// <summary>The file of a method's weights in a folder.</summary>
    /// <exception cref="DataException">It is not there.</exception>
    public static string FileIn(string directory)
    {
        string path = Path.Combine(directory, WeightsFile);
        return Path.Exists(path) ? path : throw new DataException(
            $"{path}: not there, so this run has no weights yet; they are written with its first checkpoint, so wait for it, or continue the run if it has ended.");
    }

    /// <summary>Reads the encoder's part of a method's weights, whatever the method.</summary>
    /// <exception cref="DataException">The file is missing, cannot be read, is not sound, or is of another encoder.</exception>
    public static void LoadEncoder(string directory, Encoder encoder) => EncoderFile.Read(FileIn(directory), encoder);
}
