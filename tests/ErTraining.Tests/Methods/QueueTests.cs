using ErLoss.Modules;
using ErLoss.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

/// <summary>On the sphere, past projections are further centres of the ER loss where a run asks for a queue.</summary>
internal sealed class QueueTests : TensorTests
{
    private const string Small = "hidden_dimension=16 projection_dimension=12";

    // Of SimCLR the first view's projections, of BYOL the teacher's; images that were seen before are no centres for themselves.
    [TestCase("simclr")]
    [TestCase("byol")]
    public void A_step_puts_the_first_view_s_projections_in_and_the_next_has_them_as_centres(string name)
    {
        using TwoViewMethod method = Create($"method={name} queue=20 kappa=4");
        ViewBatch first = TwoViewMethodTests.Batch(), second = TwoViewMethodTests.Batch() with { Indices = arange(5, 13, dtype: ScalarType.Int64) };
        Tensor past = Project(first)[0];
        MethodTerms ofFirst = method.call(first);
        Assert.That(Buffer("queue.position.state").data<long>().ToArray(), Is.EqualTo((long[])[8, 8, 1]), "the next place, the number of rows, and whether they have ids");
        Assert.That(Buffer("queue.rows").dtype, Is.EqualTo(ScalarType.Float32));
        Assert.That(Buffer("queue.rows")[..8].allclose(past, atol: 1e-5), Is.True, "rows");
        Assert.That(Buffer("queue.ids")[..8].data<long>().ToArray(), Is.EqualTo(first.Indices.data<long>().ToArray()), "ids");

        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Kappa = 4, Estimator = EntropyEstimator.Joe, LeaveOneOut = true });
        Tensor[] projections = TwoViewMethodTests.Projections(method, second).chunk(2);
        double Entropy(params Centers[] centers) => loss.terms(new ProjectedViews(projections) { Ids = second.Indices, Centers = centers }).Entropy.ToDouble();
        double with = Entropy(new Centers(past) { Ids = first.Indices }), without = Entropy();
        double ofSecond = method.call(second).Entropy.ToDouble();
        Assert.Multiple(() =>
        {
            Assert.That(ofFirst.Entropy.ToDouble(), Finite.Near(EntropyAlone(first), 1e-4), "the queue was empty");
            Assert.That(ofSecond, Finite.Near(with, 1e-4));
            Assert.That(Math.Abs(with - without), Finite.GreaterThan(1e-3), "the past counts");
            Assert.That(Buffer("queue.position.state").data<long>().ToArray(), Is.EqualTo((long[])[16, 16, 1]));
        });

        method.eval();
        method.call(second);
        Assert.That(Buffer("queue.position.state")[1].item<long>(), Is.EqualTo(16), "only training puts rows in");

        Tensor Buffer(string key) => method.state_dict()[key];
        Tensor Call(string module, Tensor input) => ((nn.Module<Tensor, Tensor>)method.named_children().Single(child => child.name == module).module).call(input);
        Tensor[] Project(ViewBatch batch)
        {
            Tensor views = cat([batch.View1, batch.View2]); // together, as batches are normalised
            return (name == "byol" ? Call("teacherProjector", Call("teacherEncoder", views)) : Call("projector", Call("encoder", views))).detach().chunk(2);
        }
        double EntropyAlone(ViewBatch batch) => loss.terms(new ProjectedViews(TwoViewMethodTests.Projections(method, batch).chunk(2))).Entropy.ToDouble();
    }

    [TestCase("simclr")]
    [TestCase("byol")]
    public void A_step_with_a_queue_leaves_only_its_terms_alive_and_the_queue_dies_with_its_method(string name)
    {
        long none = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        TwoViewMethod method = Create($"method={name} queue=20");
        using (NewDisposeScope())
        {
            method.call(TwoViewMethodTests.Batch()).Loss.backward(); // gradients come alive here
        }
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        for (int step = 0; step < 3; step++)
        {
            using (NewDisposeScope())
            {
                method.call(TwoViewMethodTests.Batch()).Loss.backward();
            }
            Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive));
        }
        method.Dispose();
        Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(none));
    }

    // A setting of a loss that is not trained with is ignored where nobody asked for it by name, as in a document whose loss was changed.
    [Test]
    public void There_is_none_without_the_setting_or_with_the_native_loss()
    {
        MethodSettings[] all = [Given.Settings(Small).Method, Given.Settings($"{Small} method=byol queue=0").Method, Given.Settings($"{Small} queue=20").Method with { Objective = Objective.Native }];
        foreach (MethodSettings settings in all)
        {
            using TwoViewMethod method = settings.Create(() => new ErLoss.SelfSupervised.Encoders.ConvNet(), 32);
            Assert.That(method.state_dict().Keys, Has.None.StartsWith("queue").And.Not.Empty);
        }
    }

    private static TwoViewMethod Create(string line) => Given.Settings($"{Small} {line}").Method.Create(() => new ErLoss.SelfSupervised.Encoders.ConvNet(), 32);
}
