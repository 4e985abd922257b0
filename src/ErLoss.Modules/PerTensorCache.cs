using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>What is made of tensors, once of each: a projection that is a prediction as well is mapped onto its support one time.</summary>
/// <param name="make">What is made of a tensor.</param>
internal sealed class PerTensorCache<T>(Func<Tensor, T> make)
{
    private readonly Dictionary<Tensor, T> _made = new(ReferenceEqualityComparer.Instance);

    public T[] Of(IReadOnlyList<Tensor> tensors) => [.. tensors.Select(Of)];

    public T Of(Tensor tensor) => _made.TryGetValue(tensor, out T? made) ? made : _made[tensor] = make(tensor);
}
