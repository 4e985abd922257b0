using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Rows that bear equal numbers, whatever the numbers are: sums over the rows of a group and over all others, without reading anything back.</summary>
internal sealed class Groups
{
    private readonly Tensor _places;

    /// <param name="numbers">(n) of int64, n ≥ 1.</param>
    public Groups(Tensor numbers)
    {
        (Tensor sorted, Tensor order) = sort(numbers, 0);
        Tensor isNew = cat([zeros(1, dtype: ScalarType.Bool, device: numbers.device), sorted[1..].ne(sorted[..^1])]);
        _places = empty_like(order).scatter_(0, order, isNew.cumsum(0, ScalarType.Int64));
    }

    /// <summary>The rows that are in one group here and in one group there as well.</summary>
    public Groups And(Groups other) => new(_places * _places.shape[0] + other._places);

    /// <summary>For each row the sum of (n, …) values over its group, itself included.</summary>
    public Tensor Sum(Tensor values) => SumsOfGroups(values).gather(0, PlacesLike(values));

    /// <summary>For each row the sum of (n) values, none of them negative, over the rows of all other groups: by additions alone, so that nothing cancels.</summary>
    public Tensor SumOfOthers(Tensor values) => OfOthers(SumsOfGroups(values)).gather(0, _places);

    /// <summary>For each of (n) values the sum of the others, by additions alone.</summary>
    public static Tensor OfOthers(Tensor values)
    {
        long n = values.shape[0];
        Tensor none = zeros_like(values[..1]), reversed = arange(n - 1, -1, -1, dtype: ScalarType.Int64, device: values.device);
        Tensor before = cat([none, values[..^1].cumsum(0)]), after = cat([none, values.gather(0, reversed)[..^1].cumsum(0)]);
        return before + after.gather(0, reversed);
    }

    private Tensor SumsOfGroups(Tensor values) => zeros_like(values).scatter_add(0, PlacesLike(values), values);

    private Tensor PlacesLike(Tensor values) => values.dim() == 1 ? _places : _places.unsqueeze(1).expand(values.shape);
}
