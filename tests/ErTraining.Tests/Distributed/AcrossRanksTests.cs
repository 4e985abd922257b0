using ErLoss.Modules.Distributed;
using ErLoss.Training.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Distributed;

/// <summary>Sums and means over ranks of different sizes, and their derivatives.</summary>
internal sealed class AcrossRanksTests : TensorTests
{
    [TestCase(1)]
    [TestCase(2000)] // exponentials of such numbers are none in float64
    public void The_logarithm_of_a_sum_of_exponentials_is_that_of_all_rows(double scale)
    {
        Tensor all = randn(2, 7, 3, dtype: ScalarType.Float64) * scale;
        Tensor expected = all.logsumexp(1, keepdim: true);
        LocalProcessGroup.Run(3, group =>
        {
            using var scope = NewDisposeScope();
            Tensor own = Share.Of(7, group).Part(all, 1);
            Assert.That(Off(AcrossRanks.LogSumExp(group, own, isBounded: false)), Finite.LessThan(1e-12 * scale));
            if (scale == 1)
            {
                Assert.That(Off(AcrossRanks.LogSumExp(group, own, isBounded: true)), Finite.LessThan(1e-12));
            }
        });

        double Off(Tensor values) => values.shape.SequenceEqual(expected.shape) ? (values - expected).abs().max().ToDouble() : double.NaN;
    }

    /// <summary>Each rank has other rows, and not all as many, so that an exchange of ranks or a mean of their means shows.</summary>
    [Test]
    public void A_mean_has_the_value_of_all_rows_and_the_derivative_of_the_own_ones() => LocalProcessGroup.Run(3, group =>
    {
        using var scope = NewDisposeScope();
        Tensor weight = tensor(0.5f, requires_grad: true);
        var share = Share.Of(4, group); // of 1, 1 and 2 rows
        Tensor mean = AcrossRanks.Mean(group, weight * full(share.Count, group.Rank + 1f), share.Total);
        (mean * mean).backward();
        Assert.That((mean.dtype, mean.ToDouble()), Is.EqualTo((ScalarType.Float32, 1.125)));
        Assert.That(weight.grad!.ToDouble(), Is.EqualTo(2 * 1.125 * share.Count * (group.Rank + 1) / 4));
        Assert.That(AcrossRanks.Gather(group, full(group.Rank, 2, (float)group.Rank)).sum(1).data<float>().ToArray(), Is.EqualTo(new[] { 2f, 4, 4 }));
    });

    [Test]
    public void Without_ranks_nothing_changes()
    {
        Tensor rows = rand(3, 2);
        Assert.That(AcrossRanks.Gather(null, rows), Is.SameAs(rows));
        Assert.That(AcrossRanks.Mean(null, rows, 3).equal(rows.mean([0])).all().item<bool>());
        Assert.That(AcrossRanks.LogSumExp(null, rows, isBounded: false).equal(rows.logsumexp(0, keepdim: true)).all().item<bool>());
    }

    [TestCase(7, 3, new long[] { 2, 2, 3 })]
    [TestCase(2, 3, new long[] { 0, 1, 1 })]
    public void Shares_follow_each_other_and_make_the_whole(long total, int size, long[] counts)
    {
        IReadOnlyList<Share> shares = LocalProcessGroup.Run(size, group => Share.Of(total, group));
        Assert.That(shares.Select(share => share.Count), Is.EqualTo(counts));
        Assert.That(shares.Select(share => share.Start), Is.EqualTo(counts.Select((_, i) => counts.Take(i).Sum())));
        Assert.That((Share.Of(total, null).IsWhole, shares[0].IsWhole), Is.EqualTo((true, false)));
    }
}
