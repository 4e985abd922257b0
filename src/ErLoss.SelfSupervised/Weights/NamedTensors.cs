using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>Tensors by name, between memory and files.</summary>
internal static class NamedTensors
{
    /// <summary>Copies of tensors, from whatever device they are on, in the form of files.</summary>
    public static Dictionary<string, SafeTensor> ToSafeTensors(IReadOnlyDictionary<string, Tensor> tensors)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        return tensors.ToDictionary(
            entry => entry.Key,
            entry => new SafeTensor(TypeName(entry.Value.dtype), entry.Value.shape, entry.Value.cpu().contiguous().bytes.ToArray()));
    }

    /// <summary>Puts values into the tensors of the same names; nothing is changed if they do not fit.</summary>
    /// <exception cref="InvalidDataException">A name, shape or type is another one; the message is a line that says which.</exception>
    public static void CopyTo(IReadOnlyDictionary<string, SafeTensor> sources, IReadOnlyDictionary<string, Tensor> targets)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        if (sources.Keys.Except(targets.Keys).Concat(targets.Keys.Except(sources.Keys)).FirstOrDefault() is { } odd)
        {
            throw new InvalidDataException($"'{odd}' stands in only one of the file and the model; the two must be of the same make.");
        }
        foreach ((string name, Tensor target) in targets)
        {
            SafeTensor source = sources[name];
            if (source.DType != TypeName(target.dtype) || !source.Shape.AsSpan().SequenceEqual(target.shape))
            {
                throw new InvalidDataException(
                    $"'{name}' is {source.DType} [{string.Join(", ", source.Shape)}]; {TypeName(target.dtype)} [{string.Join(", ", target.shape)}] is wanted.");
            }
        }
        foreach ((string name, Tensor target) in targets)
        {
            Tensor onHost = empty(target.shape, target.dtype, device: CPU);
            sources[name].Data.CopyTo(onHost.bytes);
            target.copy_(onHost);
        }
    }

    private static string TypeName(ScalarType type) => type switch
    {
        ScalarType.Float64 => "F64",
        ScalarType.Float32 => "F32",
        ScalarType.Int64 => "I64",
        _ => throw new NotSupportedException($"Tensors of type {type} have no place in a checkpoint."),
    };
}
