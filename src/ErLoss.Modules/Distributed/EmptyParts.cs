using static TorchSharp.torch;

namespace ErLoss.Modules.Distributed;

/// <summary>
/// Parts of the global batch without a row, as the last batch of an epoch may leave them. Such a rank takes part with one row that a mask leaves out, so that it exchanges what the others do; every
/// rank has a mask then. A row that is left out changes neither values nor gradients.
/// </summary>
internal static class EmptyParts
{
    /// <summary>Numbers of rows with one in place of none.</summary>
    /// <param name="counts">Of all ranks.</param>
    public static long[] Fill(long[] counts) => [.. counts.Select(count => Math.Max(1, count))];

    /// <summary>The views that this rank takes part with.</summary>
    /// <param name="views">As <see cref="ViewArguments"/> wants them.</param>
    /// <param name="counts">The numbers of rows of all ranks.</param>
    public static ProjectedViews Fill(ProjectedViews views, long[] counts)
    {
        if (Array.TrueForAll(counts, count => count > 0))
        {
            return views;
        }
        Tensor first = views.Projections[0];
        bool isEmpty = first.shape[0] == 0;
        var once = new PerTensorCache<Tensor>(rows => isEmpty ? cat([rows, zeros([1, .. rows.shape[1..]], dtype: rows.dtype, device: rows.device)]) : rows); // with gradient in no row
        return new ProjectedViews(once.Of(views.Projections))
        {
            Predictions = views.Predictions is null ? null : once.Of(views.Predictions),
            Targets = views.Targets is null ? null : once.Of(views.Targets),
            Target = IfAny(views.Target),
            Weights = IfAny(views.Weights),
            Mask = IfAny(views.Mask) ?? full(Math.Max(1, first.shape[0]), !isEmpty, dtype: ScalarType.Bool, device: first.device),
            Ids = IfAny(views.Ids),
            Labels = IfAny(views.Labels),
            Centers = views.Centers,
        };

        Tensor? IfAny(Tensor? ofRows) => ofRows is null ? null : once.Of(ofRows);
    }
}
