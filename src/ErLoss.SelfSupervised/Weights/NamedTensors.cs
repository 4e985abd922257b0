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
            entry => new SafeTensor(ElementType.NameOf(entry.Value.dtype), entry.Value.shape, entry.Value.cpu().contiguous().bytes.ToArray()));
    }

    /// <summary>Puts values into the tensors of the same names; nothing is changed if they do not fit.</summary>
    /// <exception cref="InvalidDataException">A name, shape or type is another one; the message is a line that says which.</exception>
    public static void CopyTo(IReadOnlyDictionary<string, SafeTensor> sources, IReadOnlyDictionary<string, Tensor> targets)
    {
        if (sources.Keys.Except(targets.Keys).Concat(targets.Keys.Except(sources.Keys)).FirstOrDefault() is { } odd)
        {
            throw new InvalidDataException($"'{odd}' is in only one of the file and the model; both must have the same tensors.");
        }
        foreach ((string name, Tensor target) in targets)
        {
            SafeTensor source = sources[name];
            if (source.DType != ElementType.NameOf(target.dtype) || !source.Shape.AsSpan().SequenceEqual(target.shape))
            {
                throw new InvalidDataException(
                    $"'{name}' is {source.DType} [{string.Join(", ", source.Shape)}]; {ElementType.NameOf(target.dtype)} [{string.Join(", ", target.shape)}] is wanted.");
            }
        }
        using var frozen = no_grad();
        foreach ((string name, Tensor target) in targets)
        {
            using Tensor source = ToTensor(sources[name]);
            target.copy_(source);
        }
    }

    /// <summary>A tensor of the file's type on the CPU.</summary>
    public static Tensor ToTensor(SafeTensor source)
    {
        Tensor tensor = empty(source.Shape, ElementType.Find(source.DType)!.Value, device: CPU);
        source.Data.CopyTo(tensor.bytes);
        return tensor;
    }
}
