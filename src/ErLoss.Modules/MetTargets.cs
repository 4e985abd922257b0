using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>What predictions meet. A reconstruction error is linear in its target, so that targets are added up before they are compared.</summary>
/// <param name="Sums">For each prediction the sum of the targets that it meets, (k, d), or null where it meets none. Of m targets that are class numbers it is their stack, (k, m).</param>
/// <param name="Pairs">By what number the sum over all predictions is divided.</param>
/// <param name="Rows">Which rows count in the reconstruction; null where all have the weight one.</param>
internal readonly record struct MetTargets(Tensor?[] Sums, long Pairs, RowWeights? Rows)
{
    /// <summary>The targets of other views, or those that are given, or a row's partners where there are labels.</summary>
    /// <param name="views">As <see cref="ViewArguments"/> wants them.</param>
    /// <param name="targets">The targets on their support, (k, d) each, or class numbers, (k) each; with zeros in rows that do not count.</param>
    /// <param name="predictions">How many predictions there are.</param>
    /// <param name="weights">Which rows count.</param>
    /// <param name="isSymmetric">Whether a prediction and its target may change places. Of two equal views the one then predicts the other, and not the reverse as well, which is the same.</param>
    public static MetTargets Of(ProjectedViews views, IReadOnlyList<Tensor> targets, int predictions, RowWeights? weights, bool isSymmetric)
    {
        if (isSymmetric && views is { Predictions: null, GivenTargets: null, Labels: null })
        {
            return new MetTargets(ViewSums.OfEarlier(targets), ViewSums.Pairs(predictions, predictions, areOfViews: true) / 2, weights);
        }
        if (views.Labels is null)
        {
            Tensor?[] met = targets[0].dtype == ScalarType.Int64 ? Stacks() : ViewSums.Met(predictions, targets, views.AreOfViews);
            return new MetTargets(met, ViewSums.Pairs(predictions, targets.Count, views.AreOfViews), weights);
        }
        var partners = new Partners(views.Labels, views.Ids, weights, predictions);
        return new MetTargets(partners.Means(targets), predictions, partners.Rows);

        Tensor?[] Stacks() => [.. Enumerable.Range(0, predictions).Select(i => Stack([.. targets.Where((_, place) => !views.AreOfViews || place != i)]))];

        static Tensor? Stack(Tensor[] numbers) => numbers.Length == 0 ? null : stack(numbers, 1);
    }
}
