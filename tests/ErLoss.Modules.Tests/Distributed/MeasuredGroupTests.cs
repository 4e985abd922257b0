using ErLoss.Benchmarks;
using ErLoss.Modules.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Distributed;

/// <summary>The group of the benchmark <c>scaling</c>: it exchanges what the other group does, and counts it.</summary>
internal sealed class MeasuredGroupTests : TensorTests
{
    [Test]
    public void It_exchanges_as_the_group_within_does_and_counts_calls_and_bytes([Values] bool meetsFirst) => LocalProcessGroup.Run(2, inner =>
    {
        var group = new MeasuredGroup(inner) { MeetsFirst = meetsFirst };
        Assert.That(CollectiveChecks.Run(group), Is.Empty);
        Assert.That(group.Counts.Seconds, Is.Positive);
        group.Reset();
        using Tensor sum = ones(3, dtype: ScalarType.Float64), rows = zeros(group.Rank + 1, 2);
        group.AllReduce(sum);
        using Tensor all = group.AllGather(rows);
        Assert.That(sum.data<double>().ToArray(), Is.EqualTo(new[] { 2.0, 2, 2 }));
        Assert.That((group.Counts.Calls, group.Counts.Bytes), Is.EqualTo((3, 24 + 2 * 7 * 8 + 3 * 2 * 4))); // the gather first exchanges seven numbers
    });
}
