using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The logarithm of the weight of all kernels in a sum: a number that the host knows, or one for each row, (k), or for all, in float64. Finite.</summary>
internal readonly record struct LogTotal
{
    private readonly double _number;
    private readonly Tensor? _values;

    private LogTotal(double number, Tensor? values) => (_number, _values) = (number, values);

    /// <summary>The same for all rows.</summary>
    public static implicit operator LogTotal(double number) => new(number, null);

    /// <summary>One for each row, or for all.</summary>
    public static implicit operator LogTotal(Tensor values) => new(0, values);

    /// <summary>Logarithms of sums of kernels, (k), divided by their weights; in the type of the logarithms.</summary>
    public Tensor SubtractFrom(Tensor logSums) => _values is null ? logSums - _number : logSums - _values.to(logSums.dtype);
}
