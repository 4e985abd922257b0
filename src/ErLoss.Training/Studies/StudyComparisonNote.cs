namespace ErLoss.Training.Studies;

/// <summary>What the verdicts of a study are, for a reader of them.</summary>
internal static class StudyComparisonNote
{
    /// <summary>The note.</summary>
    /// <param name="seeds">How many seeds each variant is trained with.</param>
    /// <param name="comparisons">What it is about.</param>
    public static string Of(int seeds, IEnumerable<StudyComparison> comparisons) => seeds > 1
        ? "Under a difference stands the 95% confidence interval of its mean over seeds (Student's t), of differences that are taken seed by seed. The verdict is yes if the whole interval is above zero, no if it is below zero, and else the two "
            + "are not told apart. Each verdict stands alone: where two forms do not differ at all, one verdict of twenty says yes or no all the same. Seeds to tell: with so many seeds, four of five such studies would tell apart a difference "
            + "as large as the one seen, if its spread over seeds is the one seen."
            + (comparisons.Any(comparison => comparison.Difference is { Seeds: > 1, Interval: null }) ? " Where all seeds have the same difference, their spread is less than a test image and not known; there is no interval then, and the two are not told apart." : "")
            + (comparisons.Any(comparison => comparison.Judged == StudyVerdict.OneSeed) ? " Where the verdict is one seed, only one was trained to its end in all that is compared, and the interval is by the number of test images." : "")
        : "There is one seed, and so there is no interval over seeds, and no verdict. Under a difference stands the 95% confidence interval by the number of test images (Newcombe's, of independent sets of test images); another seed may come out beyond it.";
}
