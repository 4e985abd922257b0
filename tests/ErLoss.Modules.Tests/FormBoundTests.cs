using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Entropy − reconstruction in every form, where the information is known: the numbers of the table in docs/reading-the-terms.md.</summary>
internal sealed class FormBoundTests : TensorTests
{
    private static readonly EntropyReconstructionOptions Joe = new() { Kappa = 10, Estimator = EntropyEstimator.Joe };

    /// <summary>Two orthogonal directions, and log 2 = 0.693 nats where a row is one of them with equal probability.</summary>
    private static readonly double[,] s_points = { { 1, 0, 0 }, { 0, 1, 0 } };

    // A uniform direction and a draw of κ = 10 about it have log 4π − H(vMF(10)) = 2.00 nats in common.
    [TestCase(16, 60, 1.26, 0.1)]
    [TestCase(512, 4, 1.97, 0.06)]
    public void EqualViewsStayBelowTheirInformation(int rows, int batches, double expected, double tolerance)
    {
        Assert.That(Math.Log(4 * Math.PI) - VonMisesFisher.Entropy(3, 10), Is.EqualTo(2).Within(0.005));
        double mean = Mean(batches, seeds =>
        {
            double[,] first = Draw.UnitRows(seeds.Next(), rows, 3);
            return Bound(Joe, new ProjectedViews(first.ToTensor(), Near(seeds.Next(), first, 10)));
        });
        Assert.That(mean, Is.EqualTo(expected).Within(tolerance).And.LessThan(2));
    }

    [Test]
    public void WithoutInformationItIsBelowZeroUnlessOneViewsEntropyStandsForBoth()
    {
        Tensor around = VonMisesFisherSampler.Draw(1, 512, 3, 10).ToTensor(), constant = s_points.ToTensor()[..1].expand(512, 3);
        Assert.That(Bound(Joe, new ProjectedViews(around, VonMisesFisherSampler.Draw(77, 512, 3, 10).ToTensor())), Is.EqualTo(-0.73).Within(0.15));
        Assert.That(Bound(Joe, new ProjectedViews(around, constant)), Is.EqualTo(-0.41).Within(0.1));
        Assert.That(Bound(Joe, new ProjectedViews(around) { Predictions = [constant], Target = around }), Is.EqualTo(0.17).Within(0.1));
    }

    // Expectations, by the number of rows that are at the same point as one row.
    [TestCase(2, 5.00, 0.35)]
    [TestCase(64, 0.70, 0.69)]
    public void LeaveOneOutIsNoBoundInASmallBatch(int rows, double leaveOneOut, double own)
    {
        (double left, double kept, double bound) = (0, 0, 0);
        double probability = Math.Pow(0.5, rows - 1);
        for (int same = 0; same < rows; same++)
        {
            // The value of one row, which is in the batch with so many others at its point.
            Tensor[] z = [.. Enumerable.Repeat(s_points.ToTensor().index_select(0, arange(rows).gt(same).to(ScalarType.Int64)), 2)];
            EntropyReconstructionOptions each = Joe with { Reduction = nn.Reduction.None };
            using EntropyReconstructionTerms terms = TermsOf(each with { LeaveOneOut = true }, new ProjectedViews(z));
            left -= probability * terms.Loss[0].ToDouble();
            bound += probability * terms.MutualInformationBound[0].ToDouble();
            kept += probability * BoundOfRows(each, new ProjectedViews(z))[0].ToDouble();
            probability *= (rows - 1.0 - same) / (same + 1);
        }
        Assert.That(left, Is.EqualTo(leaveOneOut).Within(0.005).And.GreaterThan(Math.Log(2)));
        Assert.That(kept, Is.EqualTo(own).Within(0.005).And.LessThan(Math.Log(2)));
        Assert.That(bound, Is.EqualTo(kept).Within(1e-12));
    }

    // Independent views about one direction; the decoder's κ is that of its likelihood, 1 − 1/κ = (1 − 1/100)².
    [TestCase(10, 0.80)]
    [TestCase(0.01, 3.60)]
    public void ADecoderKappaOfItsOwnIsNoBoundOfTheEstimate(double kappa, double expected)
    {
        EntropyReconstructionOptions options = Joe with { Kappa = kappa, ReconstructionKappa = 1 / (1 - 0.99 * 0.99) };
        Tensor first = VonMisesFisherSampler.Draw(1, 512, 3, 100).ToTensor(), second = VonMisesFisherSampler.Draw(2, 512, 3, 100).ToTensor();
        Assert.That(options.ReconstructionKappa, Is.EqualTo(50.25).Within(0.005));
        Assert.That(Bound(options, new ProjectedViews(first, second)), Is.EqualTo(expected).Within(0.05));
    }

    // Draws of κ = 20 about a uniform direction, the image, have about 2.02 nats in common.
    [Test]
    public void ImagesThatAreInABatchTwiceGiveWhatTheyGiveOnceIfTheirIdsSaySo()
    {
        const int Images = 16;
        double Of(int copies, bool withIds) => Mean(60, seeds =>
        {
            double[,] images = Draw.UnitRows(seeds.Next(), Images, 3), rows = Matrix.Create(copies * Images, 3, (i, c) => images[i % Images, c]);
            Tensor? ids = withIds ? arange(copies * Images) % Images : null;
            return Bound(Joe, new ProjectedViews(Near(seeds.Next(), rows, 20), Near(seeds.Next(), rows, 20)) { Ids = ids });
        });
        Assert.That(Of(1, withIds: false), Is.EqualTo(1.29).Within(0.1));
        Assert.That(Of(2, withIds: true), Is.EqualTo(1.28).Within(0.08));
        Assert.That(Of(2, withIds: false), Is.EqualTo(1.45).Within(0.08));
    }

    [Test]
    public void ClassesAsIdsAreABoundWithTheOwnKernelsOnly()
    {
        Tensor classes = arange(256) % 2, z = s_points.ToTensor().index_select(0, classes);
        var views = new ProjectedViews(z, z) { Labels = classes, Ids = classes };
        Assert.That(Bound(Joe, views), Is.EqualTo(Math.Log(2)).Within(1e-4));
        using EntropyReconstructionTerms left = TermsOf(Joe with { LeaveOneOut = true }, views);
        Assert.That(-left.Loss.ToDouble(), Is.EqualTo(10).Within(1e-9));
        Assert.That(left.MutualInformationBound.ToDouble(), Is.EqualTo(Math.Log(2)).Within(1e-4));
    }

    // Two members of a class have what the class says in common, which is log 2; with the other view of a row alone it could be more.
    [Test]
    public void WithLabelsItIsAtMostWhatTheLabelSays()
    {
        Tensor labels = arange(256) % 2, z = Near(5, Matrix.Create(256, 3, (i, c) => s_points[i % 2, c]), 1000);
        Assert.That(Bound(Joe with { Kappa = 200 }, new ProjectedViews(z, z) { Labels = labels }), Is.LessThan(Math.Log(2)));
        Assert.That(Bound(Joe with { Kappa = 200 }, new ProjectedViews(z, z)), Is.EqualTo(1.03).Within(0.1));
    }

    [Test]
    public void AQueueOfStrangersAddsTheLogarithmOfItsShare()
    {
        Tensor z = s_points.ToTensor()[..1].expand(256, 3);
        var views = new ProjectedViews(z, z) { Centers = [new Centers(-s_points.ToTensor()[..1].expand(4096, 3))] };
        Assert.That(Bound(Joe, new ProjectedViews(z, z)), Is.Zero.Within(1e-12));
        Assert.That(Bound(Joe, views), Is.EqualTo(Math.Log(17)).Within(1e-6));
    }

    // The pairs above, which have 2.00 nats in common.
    [TestCase(0, 1.78)]
    [TestCase(4032, 2.00)]
    public void AQueueOfTheRowsLawRaisesItTowardsTheInformation(int past, double expected) => Assert.That(
        Mean(16, seeds =>
        {
            double[,] first = Draw.UnitRows(seeds.Next(), 64, 3);
            var queue = new Centers(Draw.UnitRows(seeds.Next(), past, 3).ToTensor());
            return Bound(Joe, new ProjectedViews(first.ToTensor(), Near(seeds.Next(), first, 10)) { Centers = [queue] });
        }),
        Is.EqualTo(expected).Within(0.1));

    [Test]
    public void ACollapsedTeacherBesideASpreadStudentIsNoInformation()
    {
        Tensor student = Draw.UnitRows(1, 256, 128).ToTensor(), teacher = Draw.UnitRows(2, 1, 128).ToTensor().expand(256, 128);
        Assert.That(Bound(Joe, new ProjectedViews(student) { Predictions = [teacher], Target = teacher }), Is.EqualTo(5.528).Within(0.002));
        Assert.That(Bound(Joe, new ProjectedViews(teacher) { Predictions = [teacher], Target = teacher }), Is.Zero.Within(1e-12));
    }

    [Test]
    public void AStudentThatSpreadsBesideAConstantTeacherOfClassesIsNoInformation()
    {
        const int Classes = 1024;
        Tensor student = Matrix.Create(4, Classes, (_, c) => c == 0 ? 0.5 : 0.5 / (Classes - 1)).ToTensor();
        var options = new EntropyReconstructionOptions { Support = Support.Discrete, NormalizeInputs = false };
        Assert.That(Bound(options, new ProjectedViews(student) { Target = zeros(4, int64) }), Is.EqualTo(3.465).Within(5e-4));
    }

    // log 32 = 3.47 nats, of which 16 rows can show log 16 = 2.77 at most.
    [Test]
    public void CertainRowsOfAFewClassesShowLessThanAllClasses()
    {
        var options = new EntropyReconstructionOptions { Support = Support.Discrete, NormalizeInputs = false };
        double mean = Mean(100, seeds =>
        {
            int[] classes = [.. Enumerable.Range(0, 16).Select(_ => seeds.Next(32))];
            Tensor rows = Matrix.Create(16, 32, (i, c) => c == classes[i] ? 1 : 0).ToTensor();
            return Bound(options, new ProjectedViews(rows, rows));
        });
        Assert.That(mean, Is.EqualTo(2.47).Within(0.05));
    }

    [Test]
    public void OfSixViewsItIsTheMeanOfTheirPairs()
    {
        Tensor[] views = [.. Enumerable.Range(0, 6).Select(i => Draw.Normal(i, 8, 4).ToTensor())];
        double pairs = (from i in Enumerable.Range(0, 6) from j in Enumerable.Range(0, i) select Bound(Joe, new ProjectedViews(views[i], views[j]))).Average();
        Assert.That(Bound(Joe, new ProjectedViews(views)), Is.EqualTo(pairs).Within(1e-13));
    }

    /// <summary>A mean over batches, each with seeds of its own; seeds that follow each other would give streams that are alike.</summary>
    private static double Mean(int batches, Func<Random, double> value)
    {
        var seeds = new Random(1);
        return Enumerable.Range(0, batches).Average(_ => value(seeds));
    }

    private static Tensor Near(int seed, double[,] rows, double kappa) => VonMisesFisherSampler.Draw(seed, rows, kappa).ToTensor();

    private static EntropyReconstructionTerms TermsOf(EntropyReconstructionOptions options, ProjectedViews views)
    {
        using var loss = new EntropyReconstructionLoss(options);
        return loss.terms(views);
    }

    private static Tensor BoundOfRows(EntropyReconstructionOptions options, ProjectedViews views) => TermsOf(options, views).MutualInformationBound;

    private static double Bound(EntropyReconstructionOptions options, ProjectedViews views) => BoundOfRows(options, views).ToDouble();
}
