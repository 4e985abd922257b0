using static TorchSharp.torch;

namespace ErLoss.Modules.Distributed;

/// <summary>The batch that the rows of all ranks make, in the order of the ranks, and which of them are this rank's. Without a group they all are.</summary>
/// <remarks>
/// The loss of the global batch is computed on every rank, with the gradient in the rank's own rows. What is passed on to a later step of the computation has therefore the value of the whole, and the
/// derivative of the own part. The derivatives of all ranks add up to that of the whole.
/// </remarks>
internal sealed class GlobalBatch
{
    private readonly ProcessGroup? _group;
    private readonly long[] _counts;

    private GlobalBatch(ProcessGroup? group, long[] counts)
    {
        _group = group;
        _counts = counts;
        OwnStart = counts.Take(group?.Rank ?? 0).Sum();
        OwnRows = counts[group?.Rank ?? 0];
        Rows = counts.Sum();
    }

    /// <summary>A batch of one process.</summary>
    public static GlobalBatch Of(long rows) => new(null, [rows]);

    /// <summary>A batch of several.</summary>
    /// <param name="group">Of two ranks at least.</param>
    /// <param name="counts">The number of rows of each rank; none is zero.</param>
    public static GlobalBatch Of(ProcessGroup group, long[] counts) => new(group, counts);

    /// <summary>Whether all rows are this process's.</summary>
    public bool IsAlone => _group is null;

    /// <summary>Rows of all ranks, K.</summary>
    public long Rows { get; }

    /// <summary>Rows of this rank, k.</summary>
    public long OwnRows { get; }

    /// <summary>The place of the first of them.</summary>
    public long OwnStart { get; }

    /// <summary>(K, …) of (k, …), without gradient.</summary>
    public Tensor Gather(Tensor ownRows) => _group is null ? ownRows.detach() : _group.AllGatherParts(ownRows, _counts);

    /// <summary>(K, …) of (k, …), with gradient in the own rows alone.</summary>
    public Tensor Whole(Tensor ownRows)
    {
        if (_group is null)
        {
            return ownRows;
        }
        Tensor all = Gather(ownRows);
        return ownRows.requires_grad ? cat([all.narrow(0, 0, OwnStart), ownRows, all.narrow(0, OwnStart + OwnRows, Rows - OwnStart - OwnRows)]) : all;
    }

    /// <summary>The own rows of (K, …); a view.</summary>
    public Tensor Own(Tensor allRows) => _group is null ? allRows : allRows.narrow(0, OwnStart, OwnRows);

    /// <summary>The sum of what all ranks have, in its type and with its derivative.</summary>
    public Tensor Sum(Tensor part)
    {
        if (_group is null)
        {
            return part;
        }
        Tensor total = part.detach().to(ScalarType.Float64, copy: true), whole = part + 0;
        _group.AllReduce(total);
        whole.detach().copy_(total); // outside the graph
        return whole;
    }

    /// <summary>The largest of what all ranks have, without gradient.</summary>
    public Tensor Max(Tensor part)
    {
        if (_group is null)
        {
            return part;
        }
        Tensor largest = part.detach().clone();
        _group.AllReduce(largest, ReduceOp.Max);
        return largest;
    }

    /// <summary>The mean of the rows' values over the global batch, each counted by its weight; or the values themselves, (k).</summary>
    /// <param name="weights">Of the own rows; null where each has the weight one.</param>
    /// <param name="values">(k), finite wherever rows do not count.</param>
    /// <param name="each">Whether the values are wanted; of one process only.</param>
    public Tensor Reduce(RowWeights? weights, Tensor values, bool each) =>
        _group is null ? RowWeights.Reduce(weights, values, each) : Sum(weights?.Mean(values) ?? values.sum() / Rows);

    /// <summary>The same values with this rank's share of the derivative, for what every rank computes alike. The shares of all ranks add up to one.</summary>
    public Tensor ShareOf(Tensor value)
    {
        if (_group is null || !value.requires_grad)
        {
            return value;
        }
        Tensor share = value * (1.0 / _counts.Length);
        share.detach().copy_(value); // outside the graph
        return share;
    }

    /// <summary>Views of the global batch, with gradient in the own rows alone. Further centres stay away: their marks on rows are all that this is for.</summary>
    /// <param name="views">Equal views, of the own rows.</param>
    public ProjectedViews Whole(ProjectedViews views)
    {
        // One tensor may be several views on this rank and not on another: all ranks must exchange alike.
        return new ProjectedViews([.. views.Projections.Select(Whole)])
        {
            Weights = GatherIfAny(views.Weights),
            Mask = GatherIfAny(views.Mask),
            Ids = GatherIfAny(views.Ids),
            Labels = GatherIfAny(views.Labels),
        };
    }

    /// <summary>(K) of (k), where there is anything.</summary>
    public Tensor? GatherIfAny(Tensor? ofOwnRows) => ofOwnRows is null ? null : Gather(ofOwnRows);
}
