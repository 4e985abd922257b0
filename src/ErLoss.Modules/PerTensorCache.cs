using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>What is made of tensors, once of each: a projection that is a prediction as well is mapped onto its support one time.</summary>
/// <param name="make">What is made of a tensor.</param>
internal sealed class PerTensorCache<T>(Func<Tensor, T> make)
{
    private readonly Dictionary<Tensor, T> _made = new(ReferenceEqualityComparer.Instance);

    public T[] Of(IReadOnlyList<Tensor> tensors) => [.. tensors.Select(Of)];

    /// <summary>Of tensors from which several are made together.</summary>
    /// <param name="tensors">Some may be one tensor.</param>
    /// <param name="makeAll">What is made of those that nothing was made of so far, in their order.</param>
    public T[] Of(IReadOnlyList<Tensor> tensors, Func<IReadOnlyList<Tensor>, T[]> makeAll)
    {
        Tensor[] others = [.. tensors.Where(tensor => !_made.ContainsKey(tensor)).Distinct(ReferenceEqualityComparer.Instance).Cast<Tensor>()];
        foreach ((Tensor tensor, T made) in others.Zip(others.Length == 0 ? [] : makeAll(others)))
        {
            _made[tensor] = made;
        }
        return Of(tensors);
    }

    public T Of(Tensor tensor) => _made.TryGetValue(tensor, out T? made) ? made : _made[tensor] = make(tensor);
}
