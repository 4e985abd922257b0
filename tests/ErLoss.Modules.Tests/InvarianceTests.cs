namespace ErLoss.Modules.Tests;

/// <summary>What must not change the terms.</summary>
public class InvarianceTests
{
    private const double Tolerance = 1e-10;

    [Test]
    public void RotatingBothBatchesAlikeChangesNothingOnTheSphere() => RandomCases.Check(
        options => options.Support == Support.Sphere,
        batch =>
        {
            double[,] rotation = Draw.Rotation(batch.Seed, batch.Columns);
            AssertUnchanged(batch, batch.Projection1.Rotate(rotation), batch.Projection2.Rotate(rotation));
        });

    [Test]
    public void ReorderingClassesAlikeChangesNothing() => RandomCases.Check(
        options => options.Support == Support.Discrete,
        batch =>
        {
            int[] order = Shuffled(batch.Columns, batch.Seed);
            double[,] Reorder(double[,] matrix) => Matrix.Create(batch.Rows, batch.Columns, (i, c) => matrix[i, order[c]]);
            AssertUnchanged(batch, Reorder(batch.Projection1), Reorder(batch.Projection2));
        });

    [Test]
    public void ReorderingPairsChangesNothing() => RandomCases.Check(_ => true, batch =>
    {
        int[] order = Shuffled(batch.Rows, batch.Seed);
        AssertUnchanged(batch, batch.Projection1.Permute(order), batch.Projection2.Permute(order));
    });

    [Test]
    public void SwappingViewsChangesNothing() => RandomCases.Check(_ => true, batch => AssertUnchanged(batch, batch.Projection2, batch.Projection1));

    [Test]
    public void LengthsOfRowsDoNotMatterWhereTheyAreNormalised() => RandomCases.Check(
        options => options.Support == Support.Sphere && options.NormalizeInputs,
        batch => AssertUnchanged(batch, PerRow(batch.Projection1, (x, i) => x * (i + 0.1)), batch.Projection2));

    [Test]
    public void AddingAConstantToARowOfLogitsChangesNothing() => RandomCases.Check(
        options => options.Support == Support.Discrete && options.NormalizeInputs,
        batch => AssertUnchanged(batch, PerRow(batch.Projection1, (x, i) => x + 3 * i - 5), batch.Projection2));

    // With the views' own rows in another order the pairs are others: the entropies stay, the reconstruction does not.
    [Test]
    public void ReorderingOneViewChangesOnlyItsReconstruction([Values] Support support)
    {
        var options = new EntropyReconstructionOptions { Support = support };
        double[,] first = Draw.Normal(31, 6, 4);
        double[,] second = Draw.Normal(32, 6, 4);
        TermValues paired = TermValues.Of(options, first, second);
        TermValues mispaired = TermValues.Of(options, first.Permute([1, 2, 3, 4, 5, 0]), second);
        Assert.That(mispaired.Entropy, Is.EqualTo(paired.Entropy).Within(Tolerance));
        Assert.That(mispaired.Reconstruction, Is.Not.EqualTo(paired.Reconstruction).Within(0.01));
    }

    [Test]
    public void LeaveOneOutAndKappaAreIgnoredOnTheDiscreteSupport() => RandomCases.Check(
        options => options.Support == Support.Discrete,
        batch => TermValues.Of(batch.Options with { LeaveOneOut = true, Kappa = 123 }, batch.Projection1, batch.Projection2)
            .AssertNear(TermValues.Of(batch.Options with { LeaveOneOut = false }, batch.Projection1, batch.Projection2), Tolerance));

    private static void AssertUnchanged(RandomCases.Batch batch, double[,] projection1, double[,] projection2) =>
        TermValues.Of(batch.Options, projection1, projection2)
            .AssertNear(TermValues.Of(batch.Options, batch.Projection1, batch.Projection2), Tolerance);

    private static double[,] PerRow(double[,] matrix, Func<double, int, double> map) =>
        Matrix.Create(matrix.GetLength(0), matrix.GetLength(1), (i, c) => map(matrix[i, c], i));

    private static int[] Shuffled(int count, int seed)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        new Random(seed).Shuffle(order);
        return order;
    }
}
