using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Methods;
using ErLoss.Training.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

internal sealed class DeepClusterTests : TensorTests
{
    [Test]
    public void Clusters_are_drawn_evenly_however_large_they_are()
    {
        long[] assignments = [.. Enumerable.Repeat(0L, 90), .. Enumerable.Repeat(4L, 9), 7];
        long[] order = DeepCluster.EvenOrder(assignments, 6000, new RandomStream(0, RandomPurpose.Method, 0));
        Dictionary<long, int> visits = order.GroupBy(image => assignments[image]).ToDictionary(g => g.Key, g => g.Count());
        Assert.Multiple(() =>
        {
            Assert.That(visits.Keys, Is.EquivalentTo(new[] { 0L, 4, 7 }));
            Assert.That(visits.Values, Has.All.EqualTo(2000).Within(150)); // four standard deviations
            Assert.That(order.Distinct().Count(), Is.EqualTo(100));
        });
    }

    [Test]
    public void With_er_each_image_is_visited_once()
    {
        using TwoViewMethod method = TwoViewMethodTests.Create("deepcluster", Objective.Er);
        Assert.That(method.Order(20, new RandomStream(0, RandomPurpose.Method, 0)), Is.EquivalentTo(Enumerable.Range(0, 20)));
    }

    [TestCase(Objective.Native)]
    [TestCase(Objective.Er)]
    public void The_loss_is_the_cross_entropy_to_the_epoch_s_clusters_and_with_er_less_the_entropy(Objective objective)
    {
        using TwoViewMethod method = TwoViewMethodTests.Create("deepcluster", objective);
        Tensor pixels = randint(0, 256, [32, 3, 32, 32], dtype: ScalarType.Byte);
        method.BeginEpoch(() => Features.Compute(method.Encoder, pixels), new RandomStream(0, RandomPurpose.Method, 0));
        Tensor assignments = method.state_dict()["assignments"];
        Tensor indices = tensor(new long[] { 5, 30, 2, 17, 9 });
        Tensor view1 = randn(5, 3, 32, 32), view2 = randn(5, 3, 32, 32);
        method.eval();

        double crossEntropy = 0, entropy = 0;
        foreach (Tensor view in new[] { view1, view2 })
        {
            Tensor probabilities = method.Project(method.Encoder.call(view)).Probabilities!;
            for (int i = 0; i < 5; i++)
            {
                crossEntropy -= probabilities[i, assignments[indices[i]].ToInt64()].log().ToDouble() / 10;
            }
            Tensor marginal = probabilities.mean([0]);
            entropy -= (marginal * marginal.log()).sum().ToDouble() / 2;
        }
        double loss = method.call(new ViewBatch(view1, view2, indices)).Loss.ToDouble();
        Assert.That(loss, Finite.Near(crossEntropy - (objective == Objective.Er ? entropy : 0), 1e-4));
    }

    [TestCase(Objective.Native)]
    [TestCase(Objective.Er)]
    public void A_cluster_without_images_is_no_class(Objective objective)
    {
        using TwoViewMethod method = TwoViewMethodTests.Create("deepcluster", objective);
        Dictionary<string, Tensor> state = method.state_dict();
        state["centroids"].copy_(nn.functional.normalize(randn(10, 12), dim: 1));
        state["centroids"].narrow(0, 7, 3).zero_();
        state["assignments"].copy_(arange(32, dtype: ScalarType.Int64).remainder(7));
        ViewBatch batch = TwoViewMethodTests.Batch();
        Tensor[] probabilities = method.Project(method.Encoder.call(cat([batch.View1, batch.View2]))).Probabilities!.chunk(2);
        Tensor embeddings = method.Project(method.Encoder.call(cat([batch.View1, batch.View2]))).Embeddings;
        Tensor expected = nn.functional.softmax(embeddings.mm(state["centroids"].narrow(0, 0, 7).t()) / 0.1, 1);
        MethodTerms terms = method.call(batch);
        terms.Loss.backward();
        double crossEntropy = -Enumerable.Range(0, 16).Average(i => expected[i, i % 8 % 7].log().ToDouble());
        double entropy = probabilities.Average(view => -xlogy(view.mean([0]), view.mean([0])).sum().ToDouble());
        Assert.Multiple(() =>
        {
            Assert.That(cat(probabilities).narrow(1, 7, 3).abs().max().ToDouble(), Is.Zero);
            Assert.That(cat(probabilities).narrow(1, 0, 7).allclose(expected, atol: 1e-5), Is.True);
            Assert.That(terms.Reconstruction.ToDouble(), Finite.Near(crossEntropy, 1e-4));
            Assert.That(terms.Entropy.ToDouble(), Finite.Near(entropy, 1e-4).And.LessThan(Math.Log(7)));
            Assert.That(method.Encoder.parameters().Select(p => p.grad!.isfinite().all().item<bool>()), Has.All.True);
        });
    }

    [Test]
    public void A_class_is_the_direction_of_the_mean_embedding_of_its_cluster()
    {
        using TwoViewMethod method = TwoViewMethodTests.Create("deepcluster", Objective.Native);
        Tensor pixels = randint(0, 256, [32, 3, 32, 32], dtype: ScalarType.Byte);
        method.BeginEpoch(() => Features.Compute(method.Encoder, pixels), new RandomStream(0, RandomPurpose.Method, 0));
        method.eval();
        Tensor embeddings = method.Project(method.Encoder.call(Pixels.Center(Pixels.ToUnit(pixels)))).Embeddings;
        Dictionary<string, Tensor> state = method.state_dict();
        long[] assignments = state["assignments"].data<long>().ToArray();
        Assert.That(assignments.Distinct().Count(), Is.GreaterThan(3));
        foreach (IGrouping<long, int> cluster in Enumerable.Range(0, 32).GroupBy(image => assignments[image]))
        {
            Tensor sum = embeddings.index_select(0, tensor(cluster.Select(image => (long)image).ToArray())).sum([0]);
            Assert.That(state["centroids"][cluster.Key].allclose(sum / sum.norm(), atol: 1e-5), Is.True);
        }
    }
}
