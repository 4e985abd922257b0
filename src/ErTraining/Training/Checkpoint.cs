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
        using var frozen = no_grad();
        Directory.CreateDirectory(directory);
        Dictionary<string, SafeTensor> weights = module.state_dict().ToDictionary(
            entry => entry.Key,
            entry => new SafeTensor(TypeName(entry.Value.dtype), entry.Value.shape, entry.Value.cpu().contiguous().bytes.ToArray()));
        SafeTensors.Write(Path.Combine(directory, WeightsFile), weights);
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
        using var frozen = no_grad();
        Dictionary<string, Tensor> state = module.state_dict().ToDictionary(entry => prefix + entry.Key, entry => entry.Value);
        if (weights.Keys.Except(state.Keys).Concat(state.Keys.Except(weights.Keys)).FirstOrDefault() is { } odd)
        {
            throw new InvalidDataException($"{path}: '{odd}' stands in only one of the file and the model; the two must be of the same make.");
        }
        foreach ((string name, Tensor target) in state)
        {
            SafeTensor weight = weights[name];
            if (weight.DType != TypeName(target.dtype) || !weight.Shape.AsSpan().SequenceEqual(target.shape))
            {
                throw new InvalidDataException(
                    $"{path}: '{name}' is {weight.DType} [{string.Join(", ", weight.Shape)}]; {TypeName(target.dtype)} [{string.Join(", ", target.shape)}] is wanted.");
            }
            Tensor source = empty(target.shape, target.dtype);
            weight.Data.CopyTo(source.bytes);
            target.copy_(source);
        }
    }

    private static string TypeName(ScalarType type) => type switch
    {
        ScalarType.Float64 => "F64",
        ScalarType.Float32 => "F32",
        ScalarType.Int64 => "I64",
        _ => throw new NotSupportedException($"Weights of type {type} have no place in a checkpoint."),
    };
}
