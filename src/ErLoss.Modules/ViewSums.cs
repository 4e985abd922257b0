using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Sums over views.</summary>
internal static class ViewSums
{
    /// <summary>Their mean; of one the term itself.</summary>
    public static Tensor Mean(IReadOnlyList<Tensor> terms) => terms.Count == 1 ? terms[0] : Of(terms) / terms.Count;

    /// <summary>Their sum; of one the term itself.</summary>
    public static Tensor Of(IReadOnlyList<Tensor> terms) => terms.Aggregate((sum, term) => sum + term);

    /// <summary>For each term the sum of the others, null where there is none.</summary>
    /// <remarks>
    /// It is the sum of those before and the sum of those after, not the sum of all less the term: nothing cancels, and the number of additions still
    /// grows with the number of terms only.
    /// </remarks>
    public static Tensor?[] OfOthers(IReadOnlyList<Tensor> terms)
    {
        Tensor?[] sums = OfEarlier(terms);
        Tensor? after = null;
        for (int i = terms.Count - 1; i >= 0; i--)
        {
            sums[i] = after is null ? sums[i] : Add(sums[i], after);
            after = i > 0 ? Add(after, terms[i]) : null;
        }
        return sums;
    }

    /// <summary>For each term the sum of those before it, null where there is none.</summary>
    public static Tensor?[] OfEarlier(IReadOnlyList<Tensor> terms)
    {
        var sums = new Tensor?[terms.Count];
        for (int i = 1; i < terms.Count; i++)
        {
            sums[i] = Add(sums[i - 1], terms[i - 1]);
        }
        return sums;
    }

    /// <summary>For each prediction the sum of the targets that it meets: all but its own, which stands at its place. Null where it meets none.</summary>
    /// <param name="predictions">How many predictions there are.</param>
    /// <param name="targets">At least one.</param>
    /// <param name="areOfViews">Whether a target stands at the place of the prediction of the same view; else every prediction meets every target.</param>
    public static Tensor?[] Met(int predictions, IReadOnlyList<Tensor> targets, bool areOfViews)
    {
        Tensor?[] others = areOfViews ? OfOthers(targets) : [];
        Tensor? all = others.Length < predictions ? Of(targets) : null;
        return [.. Enumerable.Range(0, predictions).Select(i => i < others.Length ? others[i] : all)];
    }

    /// <summary>The sum of what each prediction gives with what it meets, over those that meet something.</summary>
    /// <param name="predictions">At least one.</param>
    /// <param name="met">For each prediction what it meets, if anything; one of them meets something.</param>
    /// <param name="product">What a prediction gives, linear in what it meets.</param>
    public static Tensor OfProducts<T>(IReadOnlyList<T> predictions, IReadOnlyList<Tensor?> met, Func<T, Tensor, Tensor> product) =>
        Of([.. predictions.Zip(met).Where(pair => pair.Second is not null).Select(pair => product(pair.First, pair.Second!))]);

    /// <summary>How many pairs that are. <see cref="ViewArguments"/> refuses views that have none.</summary>
    public static long Pairs(int predictions, int targets, bool areOfViews) =>
        ((long)predictions * targets) - (areOfViews ? Math.Min(predictions, targets) : 0);

    private static Tensor Add(Tensor? sum, Tensor term) => sum is null ? term : sum + term;
}
