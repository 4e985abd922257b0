using ErLoss.SelfSupervised.Evaluation;
using static TorchSharp.torch;

namespace ErTraining.Tests.Evaluation;

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
        Assert.That(accuracy, Finite.Near(Recompute(Rows(train), Rows(test), Classes), 1e-12));
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
    }
    private static double[][] Rows(Tensor features) =>
        [.. Enumerable.Range(0, (int)features.shape[0]).Select(i => features[i].to(ScalarType.Float64).data<double>().ToArray())];

    private static double Recompute(double[][] train, double[][] test, int classes)
    {
        int correct = 0;
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
            correct += Array.IndexOf(votes, votes.Max()) == i % classes ? 1 : 0;
        }
        return (double)correct / test.Length;
    }

    private static double Cosine(double[] a, double[] b) =>
        a.Zip(b, (x, y) => x * y).Sum() / Math.Sqrt(a.Sum(x => x * x) * b.Sum(x => x * x));
}
