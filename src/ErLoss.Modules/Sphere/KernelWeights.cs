using ErLoss.Modules.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// What the kernels of a density estimate weigh. A row's sum runs over all centres but those of its own id; its own kernel, where it is kept, takes the weight of
/// these, its own included. All weights are in one unit, in which the largest is one.
/// </summary>
internal sealed class KernelWeights
{
    private const double LeastWeight = 2.3e-308; // a normal number

    /// <summary>How much each row counts in the estimate of all; null where each counts once.</summary>
    public RowWeights? Counted { get; private init; }

    /// <summary>The same where each row keeps its own kernel.</summary>
    public RowWeights? CountedInPlain { get; private init; }

    /// <summary>Weight of each row as a centre, (k) in float64; null where each is one.</summary>
    public Tensor? Rows { get; private init; }

    /// <summary>Weight of each further centre, (m) in float64; null where each is one.</summary>
    public Tensor? Centers { get; private init; }

    /// <summary>Whether a row's other centres can weigh so much less than the row that a sum of them underflows.</summary>
    public bool MaySpan { get; private init; }

    /// <summary>Ids of the rows, (k); null where each is an example of its own.</summary>
    public Tensor? Ids { get; private init; }

    /// <summary>Ids of the further centres, (m); null where they are centres for every row.</summary>
    public Tensor? CenterIds { get; private init; }

    /// <summary>Logarithm of the weight of each row's own kernel, (k) in float64, finite; null where each is one.</summary>
    public Tensor? LogOwn { get; private init; }

    /// <summary>Sum of the weights of the batch's rows of other ids, for each row, (k) in float64; null where it is k − 1.</summary>
    public Tensor? OtherRows { get; private init; }

    /// <summary>Which rows have no centre but those of their own id, (k); null where none or all are so.</summary>
    public Tensor? AreAlone { get; private init; }

    /// <summary>Logarithm of the weight of all kernels of a row with the own one.</summary>
    public LogTotal LogAll { get; private init; }

    /// <summary>The same without the own one.</summary>
    public LogTotal LogOthers { get; private init; }

    /// <summary>Those tensors on which the gradient of the log-sums depends; none of them is the user's own.</summary>
    public IReadOnlyList<Tensor?> OfKernels => [Rows, Centers, Ids?.clone(), CenterIds?.clone(), LogOwn, OtherRows];

    /// <summary>Weights for gradients, from what <see cref="OfKernels"/> gave.</summary>
    public static KernelWeights Restore(IReadOnlyList<Tensor?> tensors) => new()
    {
        Rows = tensors[0],
        Centers = tensors[1],
        Ids = tensors[2],
        CenterIds = tensors[3],
        LogOwn = tensors[4],
        OtherRows = tensors[5],
    };

    /// <summary>Of the weights of all ranks' rows those of this rank's, for their kernels with each other and with further centres.</summary>
    public KernelWeights Own(GlobalBatch batch)
    {
        Tensor? rows = OfOwn(Rows), ids = OfOwn(Ids);
        Tensor? weights = OtherRows is null ? null : rows ?? ones(batch.OwnRows, dtype: ScalarType.Float64, device: OtherRows.device);
        return new KernelWeights
        {
            Counted = Counted?.Own(batch),
            Rows = rows,
            Centers = Centers,
            MaySpan = MaySpan,
            Ids = ids,
            CenterIds = CenterIds,
            LogOwn = OfOwn(LogOwn),
            OtherRows = weights is null ? null : ids is null ? Groups.OfOthers(weights) : new Groups(ids).SumOfOthers(weights),
        };

        Tensor? OfOwn(Tensor? ofAll) => ofAll is null ? null : batch.Own(ofAll);
    }

    /// <param name="k">How many rows.</param>
    /// <param name="device">Where they are.</param>
    /// <param name="weights">Of the rows, or null.</param>
    /// <param name="ids">Of the rows, or null.</param>
    /// <param name="centers">Further centres, or null.</param>
    /// <param name="leaveOneOut">Whether the own kernels are left out of the sums.</param>
    public static KernelWeights Of(long k, Device device, RowWeights? weights, Tensor? ids, Centers? centers, bool leaveOneOut)
    {
        long m = centers?.Rows.shape[0] ?? 0;
        if (weights is null && ids is null && centers?.Weights is null)
        {
            return new KernelWeights { LogAll = Math.Log(k + m), LogOthers = k + m > 1 ? Math.Log(k + m - 1) : 0 };
        }
        Tensor own = weights?.Values ?? ones(k, dtype: ScalarType.Float64, device: device);
        Tensor? further = m == 0 ? null : centers!.Weights?.to(ScalarType.Float64) ?? ones(m, dtype: ScalarType.Float64, device: device);
        bool areWeighted = weights is not null || centers?.Weights is not null;
        if (areWeighted)
        {
            Tensor largest = own.amax([0]);
            largest = further is null ? largest : maximum(largest, further.amax([0]));
            largest = largest + largest.eq(0);
            (own, further) = (own / largest, further is null ? null : further / largest);
        }
        Tensor? sumOfFurther = further?.sum();
        Tensor ownKernels, others, otherRows;
        if (ids is null)
        {
            ownKernels = own;
            otherRows = Groups.OfOthers(own);
            others = WithFurther(otherRows);
        }
        else
        {
            Tensor? centerIds = m == 0 ? null : centers!.Ids;
            var groups = new Groups(centerIds is null ? ids : cat([ids, centerIds]));
            Tensor all = centerIds is null ? own : cat([own, further!]), inBatch = centerIds is null ? own : cat([own, zeros_like(further!)]);
            ownKernels = groups.Sum(all)[..(int)k];
            otherRows = groups.SumOfOthers(inBatch)[..(int)k];
            others = centerIds is null ? WithFurther(otherRows) : groups.SumOfOthers(all)[..(int)k];
        }
        Tensor areAlone = others.eq(0);
        return new KernelWeights
        {
            Counted = leaveOneOut ? RowWeights.Of(weights, areAlone.eq(0)) : weights,
            CountedInPlain = weights,
            Rows = areWeighted ? own : null,
            MaySpan = centers?.Weights is not null || weights is { AreCounts: false },
            Centers = areWeighted ? further : null,
            Ids = ids,
            CenterIds = m == 0 ? null : centers!.Ids,
            // Beside the largest weight one of a row that counts may have become zero.
            LogOwn = ownKernels.clamp_min(LeastWeight).log(),
            OtherRows = otherRows,
            AreAlone = areAlone,
            LogAll = FiniteLog(WithFurther(own.sum())),
            LogOthers = leaveOneOut ? FiniteLog(others) : default(LogTotal), // asked for only there
        };

        Tensor WithFurther(Tensor sums) => sumOfFurther is null ? sums : sums + sumOfFurther;
    }

    /// <summary>The logarithm, and zero where there is none; no row counts then.</summary>
    private static Tensor FiniteLog(Tensor values) => (values + values.eq(0)).log();
}
