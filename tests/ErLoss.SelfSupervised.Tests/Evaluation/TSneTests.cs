using ErLoss.SelfSupervised.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Evaluation;

internal sealed class TSneTests : TensorTests
{
    [Test]
    public void Separate_clusters_stay_apart_neighbours_stay_neighbours_and_the_map_is_the_same_again()
    {
        manual_seed(4);
        const int Each = 40, Clusters = 3;
        Tensor labels = arange(Each * Clusters) % Clusters;
        Tensor points = 10 * eye(20).index_select(0, labels) + randn(Each * Clusters, 20);
        long live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using Tensor map = TSne.Embed(points, perplexity: 10);
        long liveAfter = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using Tensor again = TSne.Embed(points, perplexity: 10), larger = TSne.Embed(points * 1e30, perplexity: 10);
        long[] nearest = Neighbours(map, 1);
        Assert.Multiple(() =>
        {
            Assert.That((map.dtype, map.shape), Is.EqualTo((ScalarType.Float64, (long[])[Each * Clusters, 2])));
            Assert.That(liveAfter, Is.EqualTo(live + 1), "the map alone");
            Assert.That(nearest.Select((neighbour, i) => (neighbour - i) % Clusters), Is.All.Zero, "of the point's cluster");
            Assert.That(Shared(Neighbours(points, 10), Neighbours(map, 10)), Finite.GreaterThan(0.5), "of the ten nearest of each point; by chance a quarter of those in its cluster");
            Assert.That(map.mean([0]).abs().max().ToDouble(), Finite.LessThan(1e-9));
            Assert.That(map.abs().max().ToDouble(), Finite.GreaterThan(5).And.LessThan(200));
            Assert.That(Values(again), Is.EqualTo(Values(map)), "to the last bit");
            Assert.That(Shared(Neighbours(larger, 10), Neighbours(map, 10)), Finite.GreaterThan(0.5), "the scale of the points does not matter, and no square overflows");
        });

        static double Shared(long[] first, long[] second) => first.Chunk(10).Zip(second.Chunk(10)).Average(pair => pair.First.Intersect(pair.Second).Count() / 10.0);
    }

    [Test]
    public void The_gradient_is_that_of_the_divergence_by_central_differences()
    {
        manual_seed(5);
        const int Count = 13; // no multiple of what a vector holds
        const double Step = 1e-5;
        double[] similarities = Similarities(randn(Count, 6, ScalarType.Float64), perplexity: 4, out _), x = Values(randn(Count, ScalarType.Float64)), y = Values(randn(Count, ScalarType.Float64));
        var objective = new TSneObjective(similarities, Count);
        double[] gradientX = new double[Count], gradientY = new double[Count], exaggeratedX = new double[Count], exaggeratedY = new double[Count];
        objective.Gradient(x, y, 1, gradientX, gradientY);
        new TSneObjective([.. similarities.Select(p => 3 * p)], Count).Gradient(x, y, 1, exaggeratedX, exaggeratedY);
        double[] differencesX = Differences(x), differencesY = Differences(y);
        Assert.Multiple(() =>
        {
            Assert.That(gradientX, Finite.Near(differencesX, 1e-8).And.Some.GreaterThan(1e-3));
            Assert.That(gradientY, Finite.Near(differencesY, 1e-8));
            Assert.That(objective.Value(x, y), Finite.GreaterThan(0));
        });
        objective.Gradient(x, y, 3, gradientX, gradientY);
        Assert.That(gradientX, Is.EqualTo(exaggeratedX).Within(1e-15), "exaggeration multiplies the similarities");

        double[] Differences(double[] places) => [.. Enumerable.Range(0, Count).Select(i =>
        {
            double place = places[i];
            places[i] = place + Step;
            double above = objective.Value(x, y);
            places[i] = place - Step;
            double below = objective.Value(x, y);
            places[i] = place;
            return (above - below) / (2 * Step);
        })];
    }

    [TestCase(1.5)]
    [TestCase(10)]
    [TestCase(38.9)]
    public void Each_row_of_similarities_has_the_perplexity_that_is_asked_for(double perplexity)
    {
        manual_seed(6);
        const int Count = 40;
        Tensor points = randn(Count, 5, ScalarType.Float64) * logspace(-3, 3, Count, dtype: ScalarType.Float64).unsqueeze(1); // sparse here and dense there
        double[] joint = Similarities(points, perplexity, out double[] conditional);
        double[][] rows = [.. conditional.Chunk(Count)];
        Assert.Multiple(() =>
        {
            Assert.That(rows.Select(row => row.Sum()), Is.All.EqualTo(1).Within(1e-12));
            Assert.That(rows.Select(row => -row.Where(p => p > 0).Sum(p => p * Math.Log(p))), Is.All.EqualTo(Math.Log(perplexity)).Within(1e-6));
            Assert.That(rows.Select((row, i) => row[i]), Is.All.Zero);
            Assert.That(joint.Sum(), Is.EqualTo(1).Within(1e-12));
            Assert.That(joint[1], Is.EqualTo((conditional[1] + conditional[Count]) / (2 * Count)).And.EqualTo(joint[Count]));
        });
    }

    [TestCase(1, 3)]
    [TestCase(2, 3)]
    [TestCase(3, 3)]
    [TestCase(3, 1)]
    [TestCase(7, 2)]
    public void Few_points_have_places_too_apart_from_each_other(int count, int dimension)
    {
        manual_seed(7);
        using Tensor map = TSne.Embed(randn(count, dimension));
        Assert.That(map.shape, Is.EqualTo((long[])[count, 2]));
        Assert.That(Values(map), Has.All.Matches<double>(place => Math.Abs(place) < 1e4));
        Assert.That(count == 1 || (cdist(map, map) + eye(count)).min().ToDouble() > 1e-6);
    }

    [Test]
    public void Equal_points_are_in_one_place_if_all_are_and_nearest_to_each_other_if_two_are()
    {
        manual_seed(8);
        using Tensor alike = TSne.Embed(ones(20, 4)), pairs = TSne.Embed(randn(10, 4).repeat(2, 1));
        Assert.That(Values(alike), Is.All.Zero);
        Assert.That(Neighbours(pairs, 1), Is.EqualTo(Enumerable.Range(0, 20).Select(i => (i + 10L) % 20)));
    }

    [Test]
    public void What_cannot_be_placed_is_refused()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Multiple(() =>
        {
            Assert.That(() => TSne.Embed(full(3, 2, double.NaN)), Throws.ArgumentException.With.Property("ParamName").EqualTo("points"));
            Assert.That(() => TSne.Embed(ones(3)), Throws.ArgumentException.With.Message.Contains("(n, d) is wanted"));
            Assert.That(() => TSne.Embed(ones(3, 2), 0.5), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("at least 1"));
            Assert.That(() => TSne.Embed(ones(3, 2), double.NaN), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => TSne.Embed(ones(3, 2), cancellation: cancelled.Token), Throws.InstanceOf<OperationCanceledException>());
        });
    }

    private static double[] Similarities(Tensor points, double perplexity, out double[] conditional)
    {
        int count = (int)points.shape[0];
        conditional = TSneSimilarities.Conditional(Values(cdist(points, points).square()), count, perplexity);
        return TSneSimilarities.Joint(conditional, count);
    }

    /// <summary>The nearest other points of each, nearest first.</summary>
    private static long[] Neighbours(Tensor places, int count)
    {
        using Tensor distances = cdist(places, places), own = eye(places.shape[0]).to(ScalarType.Bool);
        return distances.masked_fill(own, double.PositiveInfinity).topk(count, 1, largest: false).indexes.contiguous().data<long>().ToArray();
    }

    private static double[] Values(Tensor values) => values.contiguous().data<double>().ToArray();
}
