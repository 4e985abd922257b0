using ErLoss.SelfSupervised.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Evaluation;

internal sealed class LinearProbeTests
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void OpenScope()
    {
        _scope = NewDisposeScope();
        manual_seed(7);
    }

    [TearDown]
    public void CloseScope() => _scope.Dispose();

    [Test]
    public void Separate_clusters_are_classified_without_fault()
    {
        (Tensor train, Tensor trainLabels) = Clusters(200, classes: 5, spread: 0.1);
        (Tensor test, Tensor testLabels) = Clusters(50, classes: 5, spread: 0.1);
        LinearProbeResult result = LinearProbe.Evaluate(train, trainLabels, test, testLabels, 5);
        Assert.Multiple(() =>
        {
            Assert.That(result.TestAccuracy, Is.EqualTo(1));
            Assert.That(result.TrainAccuracy, Is.EqualTo(1));
            Assert.That(result.Converged);
            Assert.That(result.Iterations, Is.Positive);
        });
    }

    [Test]
    public void Labels_without_a_cause_are_guessed_by_chance()
    {
        Tensor trainLabels = randint(4, 400, ScalarType.Int64), testLabels = randint(4, 1000, ScalarType.Int64);
        LinearProbeResult result = LinearProbe.Evaluate(randn(400, 8), trainLabels, randn(1000, 8), testLabels, 4);
        Assert.Multiple(() =>
        {
            Assert.That(result.TestAccuracy, Is.EqualTo(0.25).Within(0.05));
            Assert.That(result.TrainAccuracy, Is.GreaterThan(0.25).And.LessThan(0.5));
            Assert.That(result.Converged);
        });
    }

    [Test]
    public void Accuracies_are_those_of_the_fit_on_all_images_by_the_penalty_it_names()
    {
        (Tensor train, Tensor trainLabels) = Clusters(90, classes: 3, spread: 2);
        (Tensor test, Tensor testLabels) = Clusters(60, classes: 3, spread: 2);
        LinearProbeResult result = LinearProbe.Evaluate(train, trainLabels, test, testLabels, 3);

        double[][] wide = Rows(train);
        double[] mean = [.. Enumerable.Range(0, 4).Select(j => wide.Average(row => row[j]))];
        double[] deviation = [.. Enumerable.Range(0, 4).Select(j => Math.Sqrt(wide.Average(row => Math.Pow(row[j] - mean[j], 2))))];
        double[][] Standardized(Tensor rows) => [.. Rows(rows).Select(row => row.Select((x, j) => (x - mean[j]) / deviation[j]).Append(1).ToArray())];
        double[][] trainInputs = Standardized(train), testInputs = Standardized(test);
        Tensor weights = SoftmaxRegression.Fit(
            tensor(trainInputs.SelectMany(row => row).ToArray(), 90, 5), trainLabels, result.Penalty, zeros(5, 3, ScalarType.Float64)).Point;
        Assert.Multiple(() =>
        {
            Assert.That(LinearProbe.Penalties, Does.Contain(result.Penalty));
            Assert.That(result.TrainAccuracy, Is.EqualTo(Accuracy(trainInputs, trainLabels, Rows(weights))));
            Assert.That(result.TestAccuracy, Is.EqualTo(Accuracy(testInputs, testLabels, Rows(weights))));
        });
    }

    [Test]
    public void Many_features_of_noise_call_for_a_strong_penalty()
    {
        Tensor features = randn(300, 100);
        Tensor labels = (features[.., 0] + 0.5 * randn(300)).gt(0).to(ScalarType.Int64);
        LinearProbeResult result = LinearProbe.Evaluate(features, labels, features, labels, 2);
        Assert.That(result.Penalty, Is.GreaterThanOrEqualTo(1e-2));
    }

    [Test]
    public void Scale_and_origin_of_a_feature_do_not_matter()
    {
        (Tensor train, Tensor trainLabels) = Clusters(120, classes: 3, spread: 1);
        (Tensor test, Tensor testLabels) = Clusters(60, classes: 3, spread: 1);
        Tensor scale = tensor(new[] { 1f, 1000, 0.001f, 7 }), origin = tensor(new[] { 0f, 500, 3, -2 });
        LinearProbeResult plain = LinearProbe.Evaluate(train, trainLabels, test, testLabels, 3);
        LinearProbeResult moved = LinearProbe.Evaluate(train * scale + origin, trainLabels, test * scale + origin, testLabels, 3);
        Assert.That((moved.Penalty, moved.TrainAccuracy, moved.TestAccuracy), Is.EqualTo((plain.Penalty, plain.TrainAccuracy, plain.TestAccuracy)));
        Tensor extreme = tensor(new[] { 1e-200, 1e200, 1e-30, 1e30 });
        LinearProbeResult scaled = LinearProbe.Evaluate(train * extreme, trainLabels, test * extreme, testLabels, 3);
        Assert.That((scaled.Penalty, scaled.TrainAccuracy, scaled.TestAccuracy), Is.EqualTo((plain.Penalty, plain.TrainAccuracy, plain.TestAccuracy)));
    }

    [Test]
    public void Features_that_never_change_are_left_out_of_account()
    {
        (Tensor train, Tensor labels) = Clusters(60, classes: 3, spread: 0.1);
        Tensor Extended(float dead, float constant) => cat([train, full(60, 1, dead), full(60, 1, constant)], 1);
        LinearProbeResult result = LinearProbe.Evaluate(Extended(0, 0.1f), labels, Extended(5, 0.2f), labels, 3);
        Assert.That((result.TrainAccuracy, result.TestAccuracy, result.Converged), Is.EqualTo((1.0, 1.0, true)));
    }

    [Test]
    public void Classes_may_be_missing_from_either_set()
    {
        (Tensor features, Tensor labels) = Clusters(40, classes: 4, spread: 0.1);
        Tensor known = labels.lt(3).nonzero().squeeze(1), few = labels.gt(1).nonzero().squeeze(1);
        LinearProbeResult result = LinearProbe.Evaluate(
            features.index_select(0, known), labels.index_select(0, known), features.index_select(0, few), labels.index_select(0, few), 4);
        Assert.That((result.TrainAccuracy, result.TestAccuracy), Is.EqualTo((1.0, 0.5)), "the class that was never seen is never named");
    }

    [Test]
    public void Two_images_are_enough()
    {
        Tensor features = tensor(new[] { -1f, 1 }, 2, 1), labels = tensor(new long[] { 0, 1 });
        LinearProbeResult result = LinearProbe.Evaluate(features, labels, features, labels, 2);
        Assert.That((result.TestAccuracy, result.Converged), Is.EqualTo((1.0, true)));
    }

    [Test]
    public void It_is_the_same_every_time_and_leaves_no_tensor_alive()
    {
        (Tensor train, Tensor labels) = Clusters(100, classes: 3, spread: 1.5);
        LinearProbeResult first = LinearProbe.Evaluate(train, labels, train, labels, 3);
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        LinearProbeResult second = LinearProbe.Evaluate(train, labels, train, labels, 3);
        Assert.Multiple(() =>
        {
            Assert.That(second, Is.EqualTo(first));
            Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive));
        });
    }

    [Test]
    public void It_can_be_cancelled()
    {
        (Tensor train, Tensor labels) = Clusters(100, classes: 3, spread: 1);
        Assert.That(() => LinearProbe.Evaluate(train, labels, train, labels, 3, cancellation: new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
    }

    /// <summary>Points around corners of a simplex in four dimensions, the classes in turn.</summary>
    private static (Tensor Features, Tensor Labels) Clusters(int count, int classes, double spread)
    {
        Tensor labels = arange(count, dtype: ScalarType.Int64).remainder(classes);
        Tensor corners = cat([eye(4) * 3, zeros(1, 4)]);
        return (corners.index_select(0, labels) + spread * randn(count, 4), labels);
    }

    private static double Accuracy(double[][] inputs, Tensor labels, double[][] weights)
    {
        double Score(double[] row, int label) => row.Select((x, j) => x * weights[j][label]).Sum();
        int[] named = [.. inputs.Select(row => Enumerable.Range(0, 3).MaxBy(label => Score(row, label)))];
        return named.Zip(labels.data<long>().ToArray(), (found, label) => found == label ? 1.0 : 0).Average();
    }

    private static double[][] Rows(Tensor matrix) =>
        [.. Enumerable.Range(0, (int)matrix.shape[0]).Select(i => matrix[i].to(ScalarType.Float64).data<double>().ToArray())];
}
