using ErLoss.Benchmarks;

namespace ErTraining.Tests.Statistics;

/// <summary>The arithmetic of the benchmark <c>scaling</c>: its cases, what it makes of its rounds, and the model of the cost beyond what can be measured.</summary>
internal sealed class ScalingTests
{
    [Test]
    public void Each_number_of_ranks_has_one_process_with_as_many_threads_and_rows_beside_it() =>
        Assert.That(ScalingCase.All(ScalingWork.Step, [1, 2], threads: 3, rows: 10), Is.EqualTo(new ScalingCase[]
        {
            new(ScalingWork.Step, "strong", new RankLayout(1, 3), 10),
            new(ScalingWork.Step, "strong", new RankLayout(2, 3), 10),
            new(ScalingWork.Step, "strong", new RankLayout(1, 6), 10),
            new(ScalingWork.Step, "weak", new RankLayout(1, 3), 10),
            new(ScalingWork.Step, "weak", new RankLayout(2, 3), 20),
            new(ScalingWork.Step, "weak", new RankLayout(1, 6), 20),
        }));

    [Test]
    public void A_step_takes_as_long_as_its_slowest_rank_and_collectives_count_for_each_repetition()
    {
        ScalingReply[] replies = [new(1, 0.5, new CollectiveCounts(8, 400, 0.2), 0), new(0, 0.6, new CollectiveCounts(8, 400, 0.6), 0)];
        ScalingReply[] met = [new(1, 0.7, new CollectiveCounts(8, 400, 0.04), 0), new(0, 0.7, new CollectiveCounts(8, 400, 0.12), 0)];
        ScalingSample sample = ScalingSample.Of(replies, met, repetitions: 4);
        Assert.That((sample.Seconds, sample.Collectives, sample.Bytes), Is.EqualTo((0.6, 2.0, 100.0)));
        Assert.That(sample.CollectiveSeconds, Is.EqualTo(0.1).Within(1e-12));
        Assert.That(sample.LeastCollectiveSeconds, Is.EqualTo(0.05).Within(1e-12));
        Assert.That(sample.ExchangeSeconds, Is.EqualTo(0.02).Within(1e-12));
    }

    /// <summary>The machine is ten times slower in the second round, which is in both, so that the ratio does not show it.</summary>
    [Test]
    public void Ratios_are_of_rounds_and_of_rows_per_second()
    {
        var at = new ScalingCase(ScalingWork.Step, "weak", new RankLayout(2, 1), 20);
        ScalingRow row = ScalingRow.Of(at, [Sample(1), Sample(10), Sample(1)], [Sample(2), Sample(20), Sample(2)], [Sample(1), Sample(10), Sample(1)], oneRankRows: 10, peakBytes: null);
        Assert.That((row.Seconds, row.RatioToOneProcess, row.RatioToOneRank, row.RowsPerSecond), Is.EqualTo((1.0, (double?)2, (double?)2, 20.0)));

        static ScalingSample Sample(double seconds) => new(seconds, 1, 1, 0, 0, 0);
    }

    [TestCase("mpirun (Open MPI) 5.0.3\n", true)]
    [TestCase("mpirun.openmpi (OpenRTE) 4.1.4\n", true)]
    [TestCase("HYDRA build details:\n    Version:     4.0.2\n", false)]
    public void The_launcher_is_known_by_what_it_says(string version, bool isOpenMpi)
    {
        Assert.That(MpiStarter.IsOpenMpi(version), Is.EqualTo(isOpenMpi));
        Assert.That(MpiStarter.OptionsOf(isOpenMpi, isRoot: true), isOpenMpi ? Is.EqualTo(new[] { "--allow-run-as-root", "--oversubscribe", "--bind-to", "none" }) : Is.Empty);
    }

    /// <summary>The prediction of docs/several-processes.md.</summary>
    [Test]
    public void The_model_gives_the_figures_of_the_page()
    {
        var cost = new StepCost(Ranks: 64, Rows: 65_536, Dimension: 128, Views: 2, Channels: 5312, Normalizations: 21, Weights: 11_500_000);
        var speed = new ClusterSpeed(Flops: 0.8e12, Bandwidth: 10e9, Latency: 5e-6);
        Assert.That((cost.LossCollectives, cost.Collectives), Is.EqualTo((6, 49)));
        Assert.That(cost.LossBytes, Is.EqualTo(2 * 65_536 * 520.0 + 64 * 320 + 8));
        Assert.That(cost.LossSeconds(speed, keepsKernels: false), Is.EqualTo(0.129).Within(0.0005)); // 12·K²·d/64 operations
        Assert.That(cost.LossSeconds(speed, keepsKernels: true), Is.EqualTo(0.086).Within(0.0005));
        Assert.That(cost.LossExchangeSeconds(speed), Is.EqualTo(0.0069).Within(0.00005));
        Assert.That(cost.NormalizationSeconds(speed), Is.EqualTo(0.0026).Within(0.00005));
        Assert.That(cost.GradientSeconds(speed), Is.EqualTo(0.0091).Within(0.00005));
    }

    [Test]
    public void A_gather_receives_all_but_the_own_part_and_a_reduction_twice_as_much()
    {
        var speed = new ClusterSpeed(Flops: 1, Bandwidth: 100, Latency: 0.5);
        Assert.That(speed.AllGather(800, ranks: 4), Is.EqualTo(2 * 0.5 + 6));
        Assert.That(speed.AllReduce(800, ranks: 4), Is.EqualTo(2 * (2 * 0.5 + 6)));
        Assert.That(speed.AllGather(800, ranks: 1), Is.Zero);
    }
}
