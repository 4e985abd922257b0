using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The targets of rows with labels: a row's partners are the rows of its label in all views, except the row itself and the rows of its own view with its id.
/// </summary>
/// <remarks>
/// A reconstruction error is linear in its target, so that its mean over the partners is that of their mean. All means come from sums over classes, with additions in proportion
/// to the number of rows. The sums are in float64, because a row's own group is subtracted from the sum of its class.
/// </remarks>
internal sealed class Partners
{
    private static readonly Scalar s_one = 1; // kept, as a number's conversion may be freed before native code reads it

    // Below this share of their class, partners are what rounding leaves of none. With a second view they are half of it at least.
    private const double LeastShare = 1e-12;

    private readonly Groups _classes;
    private readonly Groups? _ownGroups; // null where each row is one of its own
    private readonly Tensor _values, _weights; // of the rows, (k), and of their partners, (k, 1)

    /// <param name="labels">(k) of int64.</param>
    /// <param name="ids">(k) of int64, or null where each row has an id of its own.</param>
    /// <param name="weights">How much each row counts; null where each has the weight one.</param>
    /// <param name="views">How many views there are.</param>
    public Partners(Tensor labels, Tensor? ids, RowWeights? weights, int views)
    {
        _classes = new Groups(labels);
        _ownGroups = ids is null ? null : _classes.And(new Groups(ids));
        _values = (weights ?? RowWeights.Ones(labels.shape[0], labels.device)).Values;
        Tensor all = views * _classes.Sum(_values), partners = all - SumOfOwnGroups(_values), hasPartners = partners.gt(LeastShare * all);
        Rows = RowWeights.Of(weights, hasPartners);
        // One where there are no partners, so that nothing is divided by zero.
        _weights = partners.masked_fill(hasPartners.bitwise_not(), s_one).unsqueeze(1);
    }

    /// <summary>The rows that have partners, by their weights.</summary>
    public RowWeights Rows { get; }

    /// <summary>The weighted means of the partners of each view's rows, (k, d) each. Of a row without partners it is a finite number without meaning.</summary>
    /// <param name="views">(k, d) each.</param>
    public Tensor[] Means(IReadOnlyList<Tensor> views)
    {
        Tensor[] weighted = [.. views.Select(view => view.to(ScalarType.Float64) * _values.unsqueeze(1))];
        Tensor[] sums = [.. weighted.Select(_classes.Sum)];
        Tensor?[] others = ViewSums.OfOthers(sums);
        return [.. views.Select((view, i) => (ViewSums.Of([.. OfOthers(i), sums[i] - SumOfOwnGroups(weighted[i])]) / _weights).to(view.dtype))];

        Tensor[] OfOthers(int i) => others[i] is { } sum ? [sum] : [];
    }

    private Tensor SumOfOwnGroups(Tensor values) => _ownGroups?.Sum(values) ?? values;
}
