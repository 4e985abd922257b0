using ErLoss.SelfSupervised.Evaluation;
using NUnit.Framework.Constraints;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Evaluation;

internal sealed class NearestNeighboursTests
{
    [TestCase(5, 1)]
    [TestCase(100, 10)]
    [TestCase(1999, 199)]
    [TestCase(2000, 200)]
    [TestCase(50000, 200)]
    public void A_tenth_of_the_training_images_votes_but_200_at_most_and_one_at_least(long trainCount, int neighbours) =>
        Assert.That(NearestNeighbours.NeighbourCount(trainCount), Is.EqualTo(neighbours));

    [Test]
    public void The_vote_is_that_of_a_plain_recomputation()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        const int Train = 300, Test = 600, Dimension = 8, Classes = 5; // more test images than a batch
        Tensor train = randn(Train, Dimension), test = randn(Test, Dimension);
        Tensor trainLabels = arange(Train) % Classes, testLabels = arange(Test) % Classes;
        double accuracy = NearestNeighbours.Accuracy(train, trainLabels, test, testLabels, Classes);
        Tensor predictions = NearestNeighbours.Predict(train, trainLabels, test, Classes);
        int[] wanted = Recompute(Rows(train), Rows(test), Classes);
        Assert.That(predictions.data<long>().ToArray(), Is.EqualTo(wanted));
        Assert.That(accuracy, Is.EqualTo(wanted.Where((label, i) => label == i % Classes).Count() / (double)Test).And.EqualTo(new ConfusionMatrix(testLabels, predictions, Classes).Accuracy));
        Assert.That(NearestNeighbours.Accuracy(train.to(ScalarType.Float64), trainLabels, test.to(ScalarType.Float64), testLabels, Classes), Is.EqualTo(accuracy));
    }

    [TestCase(ScalarType.Float16)]
    [TestCase(ScalarType.BFloat16)]
    public void Votes_of_features_in_half_precision_are_counted_in_float32(ScalarType type)
    {
        using var scope = NewDisposeScope();
        // The 200 nearest have a vote of e^10 each, 22,026: those of either class leave the range of float16, where no class would win.
        Tensor directions = cat([ones(200, 2), -ones(1800, 2)]), features = directions.to(type).requires_grad_(), queries = features.narrow(0, 0, 3);
        Tensor labels = cat([zeros(60, ScalarType.Int64), ones(140, ScalarType.Int64), zeros(1800, ScalarType.Int64)]);
        Tensor wanted = labels.narrow(0, 60, 3);
        long live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        double accuracy = NearestNeighbours.Accuracy(features, labels, queries, wanted, 2);
        Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(live));
        (Tensor cosines, Tensor indices) = NearestNeighbours.Find(features, queries, 5);
        Assert.That(accuracy, Is.EqualTo(1));
        Assert.That((cosines.dtype, indices.dtype), Is.EqualTo((ScalarType.Float32, ScalarType.Int64)));
    }

    private static IEnumerable<TestCaseData> Unfit()
    {
        static TestCaseData Case(string argument, string message, Func<Tensor>? train = null, Func<Tensor>? trainLabels = null, Func<Tensor>? test = null, Func<Tensor>? testLabels = null) =>
            new TestCaseData(train ?? (() => ones(4, 3)), trainLabels ?? (() => arange(4)), test ?? (() => ones(2, 3)), testLabels ?? (() => arange(2)), argument, message)
                .SetArgDisplayNames($"{argument}: {message}");

        yield return Case("trainFeatures", "The shape is (4)", train: () => ones(4));
        yield return Case("trainFeatures", "floating-point", train: () => ones(4, 3, ScalarType.Int64));
        yield return Case("trainLabels", "(4) is wanted", trainLabels: () => arange(3));
        yield return Case("trainLabels", "int64 is wanted", trainLabels: () => arange(4, ScalarType.Int32));
        yield return Case("trainLabels", "from 1 to 4; 0 to 3 is wanted", trainLabels: () => arange(1, 5));
        yield return Case("trainLabels", "meta", trainLabels: () => ones(4, ScalarType.Int64, device("meta")));
        yield return Case("testFeatures", "as many columns as those of trainFeatures, 3", test: () => ones(2, 4));
        yield return Case("testFeatures", "that of trainFeatures, Float32", test: () => ones(2, 3, ScalarType.Float64));
        yield return Case("testFeatures", "at least one row", test: () => ones(0, 3));
        yield return Case("trainFeatures", "Not all values are finite", train: () => cat([ones(3, 3), full(1, 3, float.NaN)]));
        yield return Case("testFeatures", "Not all values are finite", test: () => cat([ones(1, 3), full(1, 3, float.PositiveInfinity)]));
        yield return Case("testLabels", "from -1 to 0", testLabels: () => arange(-1, 1));
        yield return Case("testLabels", "one label for each row of testFeatures", testLabels: () => ones(2, 1, ScalarType.Int64));
    }

    [TestCaseSource(nameof(Unfit))]
    public void Unfit_features_and_labels_are_refused_by_name_here_and_by_the_linear_probe(
        Func<Tensor> train, Func<Tensor> trainLabels, Func<Tensor> test, Func<Tensor> testLabels, string argument, string message)
    {
        using var scope = NewDisposeScope();
        Assert.Multiple(() =>
        {
            Assert.That(() => NearestNeighbours.Accuracy(train(), trainLabels(), test(), testLabels(), 4), Refused());
            Assert.That(() => LinearProbe.Evaluate(train(), trainLabels(), test(), testLabels(), 4), Refused());
        });

        ContainsConstraint Refused() => Throws.InstanceOf<ArgumentException>().With.Property("ParamName").EqualTo(argument).And.Message.Contains(message);
    }

    [TestCase(0)]
    [TestCase(5)]
    public void There_are_no_more_neighbours_than_images(int count)
    {
        using var scope = NewDisposeScope();
        Assert.That(() => NearestNeighbours.Find(ones(4, 3), ones(2, 3), count), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("1 to 4"));
    }

    [Test]
    public void Nothing_is_nearest_to_what_is_no_number()
    {
        using var scope = NewDisposeScope();
        Tensor good = ones(4, 3), bad = full(2, 3, float.NaN);
        Assert.That(() => NearestNeighbours.Find(bad, good, 1), Throws.ArgumentException.With.Property("ParamName").EqualTo("trainFeatures"));
        Assert.That(() => NearestNeighbours.Find(good, bad, 1), Throws.ArgumentException.With.Property("ParamName").EqualTo("queries"));
    }

    [Test]
    public void Neighbours_do_not_depend_on_the_scale_of_a_row_and_a_row_of_zeros_is_at_right_angles_to_all()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        Tensor train = rand(4, 3) + 0.1, queries = rand(3, 3) + 0.1;
        (Tensor cosines, Tensor indices) = NearestNeighbours.Find(train, queries, 4);
        Tensor scales = tensor(new[] { 1e-30f, 1e30f, 1, 1e-38f }).view(4, 1);
        (Tensor scaledCosines, Tensor scaledIndices) = NearestNeighbours.Find(train * scales, queries * scales.narrow(0, 0, 3), 4);
        Assert.Multiple(() =>
        {
            Assert.That(scaledIndices.data<long>().ToArray(), Is.EqualTo(indices.data<long>().ToArray()));
            Assert.That(scaledCosines.data<float>().ToArray(), Is.EqualTo(cosines.data<float>().ToArray()).Within(1e-5));
            Assert.That(NearestNeighbours.Find(train, zeros(1, 3), 2).Cosines.data<float>().ToArray(), Is.EqualTo(new float[2]));
        });
    }

    [Test]
    public void Separate_clusters_are_classified_without_fault_whatever_their_lengths()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        Tensor labels = arange(200) % 4;
        Tensor directions = eye(4).index_select(0, labels);
        Tensor features = (directions + 0.05 * randn(200, 4)) * (rand(200, 1) + 0.1) * 100;
        Assert.That(NearestNeighbours.Accuracy(features, labels, features, labels, 4), Is.EqualTo(1));
        Tensor scales = tensor(new[] { 1e-30f, 1e30f }).repeat(100).view(200, 1);
        Assert.That(NearestNeighbours.Accuracy(features * scales, labels, features * scales, labels, 4), Is.EqualTo(1));
    }

    private static double[][] Rows(Tensor features) =>
        [.. Enumerable.Range(0, (int)features.shape[0]).Select(i => features[i].to(ScalarType.Float64).data<double>().ToArray())];

    private static int[] Recompute(double[][] train, double[][] test, int classes)
    {
        int[] winners = new int[test.Length];
        for (int i = 0; i < test.Length; i++)
        {
            double[] votes = new double[classes];
            foreach ((double cosine, int label) in train
                .Select((row, j) => (Cosine(row, test[i]), j % classes))
                .OrderByDescending(neighbour => neighbour.Item1)
                .Take(train.Length / 10))
            {
                votes[label] += Math.Exp(cosine / 0.1);
            }
            winners[i] = Array.IndexOf(votes, votes.Max());
        }
        return winners;
    }

    private static double Cosine(double[] a, double[] b) =>
        a.Zip(b, (x, y) => x * y).Sum() / Math.Sqrt(a.Sum(x => x * x) * b.Sum(x => x * x));
}
