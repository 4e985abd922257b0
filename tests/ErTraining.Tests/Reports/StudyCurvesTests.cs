using ErLoss.Training.Studies;
using ErTraining.Reports;
using ErTraining.Tests.Studies;

namespace ErTraining.Tests.Reports;

internal sealed class StudyCurvesTests
{
    private static readonly StudyPlan s_plan = Sample.Plan("method=simclr objective=er batch_size=64 seed=0,1,2", "epochs=2");

    [Test]
    public void A_point_is_the_mean_and_the_span_of_the_seeds_and_begins_before_training()
    {
        IReadOnlyList<CurvePoint> points = StudyCurves.Points(
            [Finished(0, 0.4), Finished(1, 0.8)], epoch => epoch.KnnAccuracy, result => result.KnnAccuracyBefore);
        Assert.Multiple(() =>
        {
            Assert.That(points.Select(point => point.Epoch), Is.EqualTo((int[])[0, 1, 2]));
            Assert.That(points[0], Is.EqualTo(new CurvePoint(0, 0.2, 0.2, 0.2)));
            Assert.That(points[1].Mean, Is.EqualTo(0.4).Within(1e-12));
            Assert.That((points[2].Least, points[2].Most), Is.EqualTo((0.4, 0.8)));
        });
    }

    [Test]
    public void Epochs_without_the_metric_are_left_out()
    {
        CellOutcome cell = Finished(0, 0.4);
        cell = cell with { Epochs = [cell.Epochs[0] with { KnnAccuracy = null }, cell.Epochs[1]] };
        Assert.That(StudyCurves.Points([cell], epoch => epoch.KnnAccuracy).Select(point => point.Epoch), Is.EqualTo((int[])[2]));
    }

    [Test]
    public void A_failed_seed_counts_only_if_no_other_is_there()
    {
        CellOutcome failed = CellOutcome.Failed(s_plan.Cells[2], "no", [Sample.Epoch(1, 0)]);
        Assert.Multiple(() =>
        {
            Assert.That(StudyCurves.Points([failed], epoch => epoch.Entropy), Has.Count.EqualTo(1));
            Assert.That(StudyCurves.Points([failed, Finished(0, 0.4)], epoch => epoch.KnnAccuracy)[0].Least, Is.EqualTo(0.3).Within(1e-12));
        });
    }

    private static CellOutcome Finished(int seed, double accuracy) => Sample.Finished(s_plan.Cells[seed], accuracy);
}
