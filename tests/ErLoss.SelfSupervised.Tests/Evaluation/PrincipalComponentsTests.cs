using ErLoss.SelfSupervised.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Evaluation;

internal sealed class PrincipalComponentsTests : TensorTests
{
    [TestCase(1)]
    [TestCase(1e200)]
    public void A_rectangle_turned_in_space_has_its_sides_as_components(double scale)
    {
        // The corners of a rectangle of 6 by 2 around a point, its sides along (2, 1, 2)/3 and (−2, 2, 1)/3.
        double[,] corners = { { 3, 1 }, { 3, -1 }, { -3, 1 }, { -3, -1 } };
        Tensor sides = tensor(new[,] { { 2.0, 1, 2 }, { -2, 2, 1 } }) / 3, rows = scale * (tensor(corners).mm(sides) + tensor(new[] { 5.0, -7, 11 }));
        long live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Tensor places = PrincipalComponents.Project(rows, 2);
        Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(live + 1));
        Assert.Multiple(() =>
        {
            Assert.That((places.abs() / scale).data<double>().ToArray(), Finite.Near([3, 1, 3, 1, 3, 1, 3, 1], 1e-12));
            Assert.That((places.sum([0]) / scale).data<double>().ToArray(), Finite.Near([0, 0], 1e-12));
            Assert.That(PrincipalComponents.Project(rows, 7).shape, Is.EqualTo((long[])[4, 3]), "no more than there are columns");
        });
    }

    [Test]
    public void Rows_and_columns_lead_to_the_same_coordinates_whose_distances_are_those_of_the_rows()
    {
        manual_seed(1);
        Tensor rows = randn(6, 9), wider = cat([rows, zeros(6, 3)], 1), taller = cat([rows.narrow(1, 0, 4), zeros(6, 1)], 1);
        Tensor all = PrincipalComponents.Project(rows, 9), ofTall = PrincipalComponents.Project(taller, 5);
        double[] extremes = [.. Enumerable.Range(0, 3).Select(i => all.select(1, i)[all.select(1, i).abs().argmax()].ToDouble())];
        Assert.Multiple(() =>
        {
            Assert.That(all.shape, Is.EqualTo((long[])[6, 6]));
            Assert.That((PrincipalComponents.Project(wider, 9) - all).abs().max().ToDouble(), Finite.LessThan(1e-7), "columns of zeros change nothing");
            Assert.That((PrincipalComponents.Project(cat([taller, zeros(6, 5)], 1), 5) - ofTall).abs().max().ToDouble(), Finite.LessThan(1e-6), "by the rows' products as by the covariance");
            Assert.That((cdist(all, all) - cdist(rows.to(ScalarType.Float64), rows.to(ScalarType.Float64))).abs().max().ToDouble(), Finite.LessThan(1e-6));
            Assert.That(all.square().sum([0]).data<double>().ToArray(), Finite.Falling());
            Assert.That(extremes, Is.All.Positive);
        });
    }

    [Test]
    public void Equal_rows_are_at_zero_and_what_is_no_matrix_of_numbers_is_refused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(PrincipalComponents.Project(ones(3, 2), 2).abs().max().ToDouble(), Is.Zero);
            Assert.That(PrincipalComponents.Project(zeros(1, 2), 2).shape, Is.EqualTo((long[])[1, 1]));
            Assert.That(() => PrincipalComponents.Project(full(2, 2, float.NaN), 1), Throws.ArgumentException.With.Property("ParamName").EqualTo("rows"));
            Assert.That(() => PrincipalComponents.Project(ones(2, 2), 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        });
    }
}
