using System.Globalization;
using ErLoss.Training.Methods;
using ErLoss.Training.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

internal sealed class SphericalKMeansTests : TensorTests
{
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    public void Clusters_far_apart_are_found(int seed)
    {
        // Three tight groups about the axes; a start in two groups only leaves a cluster that has to move.
        Tensor axes = eye(3).repeat_interleave(20, 0);
        Tensor rows = nn.functional.normalize(axes + 0.05 * randn(60, 3), dim: 1);
        (Tensor centroids, Tensor assignments) = SphericalKMeans.Fit(rows, 3, 30, new RandomStream(seed, RandomPurpose.Method, 0));
        double[] cosines = [.. (rows * centroids.index_select(0, assignments)).sum(1).data<float>().ToArray().Select(x => (double)x)];
        Assert.Multiple(() =>
        {
            Assert.That(centroids.norm(1).data<float>().ToArray(), Has.All.EqualTo(1).Within(1e-5));
            Assert.That(assignments.data<long>().ToArray(), Is.EqualTo(rows.mm(centroids.t()).argmax(1).data<long>().ToArray()));
            Assert.That(cosines.Average(), Finite.GreaterThan(0.66)); // no worse than two of three groups together
        });
    }

    [Test]
    public void More_iterations_are_never_worse()
    {
        Tensor rows = nn.functional.normalize(randn(200, 6), dim: 1);
        double Objective(int iterations)
        {
            (Tensor centroids, Tensor assignments) = SphericalKMeans.Fit(rows, 8, iterations, new RandomStream(0, RandomPurpose.Method, 0));
            return (rows * centroids.index_select(0, assignments)).sum(1).mean().ToDouble();
        }
        double[] objectives = [Objective(1), Objective(2), Objective(4), Objective(8), Objective(16)];
        Assert.That(objectives, Finite.Rising());
        Assert.That(objectives[^1], Finite.GreaterThan(objectives[0] + 0.01));
    }

    [Test]
    public void Rows_that_are_all_the_same_leave_clusters_empty_but_finite()
    {
        Tensor rows = nn.functional.normalize(ones(10, 4), dim: 1);
        (Tensor centroids, Tensor assignments) = SphericalKMeans.Fit(rows, 3, 5, new RandomStream(0, RandomPurpose.Method, 0));
        Assert.Multiple(() =>
        {
            Assert.That(centroids.data<float>().ToArray(), Has.All.EqualTo(0.5).Within(1e-6));
            Assert.That(assignments.data<long>().Distinct().Count(), Is.EqualTo(1));
        });
    }

    [Test]
    [Platform("Linux")]
    public void Memory_does_not_grow_with_the_iterations()
    {
        const int Rows = 20_000, Clusters = 512, Iterations = 20;
        Tensor rows = nn.functional.normalize(randn(Rows, 32), dim: 1);
        long before = ResidentBytes(), most = before;
        using var over = new CancellationTokenSource();
        var watch = new Thread(() =>
        {
            while (!over.Token.WaitHandle.WaitOne(1))
            {
                most = Math.Max(most, ResidentBytes());
            }
        });
        watch.Start();
        SphericalKMeans.Fit(rows, Clusters, Iterations, new RandomStream(0, RandomPurpose.Method, 0));
        over.Cancel();
        watch.Join();
        long matrix = (long)Rows * Clusters * sizeof(float); // scores of all rows for all clusters
        Assert.That(most - before, Is.InRange(1, 8 * matrix), "four or so; twenty if every iteration kept one");
    }

    /// <summary>Of this process, now.</summary>
    private static long ResidentBytes() =>
        long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
