using ErLoss.Modules;
using ErLoss.Training.Methods;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

internal sealed class ByolTests : TensorTests
{
    [Test]
    public void The_native_loss_is_the_squared_distance_of_directions_summed_over_both_ways()
    {
        Tensor predictions = Directions(6, 4), targets = Directions(6, 4);
        double both = 0;
        for (int i = 0; i < 6; i++)
        {
            both += (predictions[i] - targets[i]).square().sum().ToDouble() / 3; // three images
        }
        Assert.That(Byol.RegressionError(predictions, targets, ByolRegression.Distances).ToDouble(), Finite.Near(both, 1e-12));
    }

    [Test]
    public void The_gradient_of_the_native_loss_is_that_of_finite_differences()
    {
        Tensor targets = Directions(4, 3);
        GradientAssert.Agree(x => Byol.RegressionError(nn.functional.normalize(x, dim: 1), targets, ByolRegression.Distances), randn(4, 3, ScalarType.Float64));
    }

    [Test]
    public void Each_view_predicts_the_teacher_s_projection_of_the_other()
    {
        using TwoViewMethod method = TwoViewMethodTests.Create("byol", Objective.Native);
        ViewBatch batch = TwoViewMethodTests.Batch();
        Tensor Call(string module, Tensor input) => ((nn.Module<Tensor, Tensor>)method.named_children().Single(child => child.name == module).module).call(input);
        Tensor views = cat([batch.View1, batch.View2]); // together, as batches are normalised
        Tensor[] student = Call("predictor", Call("projector", Call("encoder", views))).chunk(2), target = Call("teacherProjector", Call("teacherEncoder", views)).chunk(2);
        double Way(int from, int to) => (2 - 2 * nn.functional.cosine_similarity(student[from], target[to], 1)).mean().ToDouble();
        Assert.Multiple(() =>
        {
            Assert.That(method.call(batch).Loss.ToDouble(), Finite.Near(Way(0, 1) + Way(1, 0), 1e-5));
            Assert.That(Way(0, 0) + Way(1, 1), Is.Not.EqualTo(Way(0, 1) + Way(1, 0)).Within(1e-3), "the views are to be told apart");
        });
    }

    [TestCase(false)]
    [TestCase(true)]
    public void With_er_the_entropy_is_the_student_s_a_weight_weighs_it_and_the_bound_is_of_the_plain_one(bool keepOwn)
    {
        using TwoViewMethod method = TwoViewMethodTests.Create(
            "byol", Objective.Er, $"entropy_weight=0.5 kappa=4{(keepOwn ? " keep_own" : "")}");
        ViewBatch batch = TwoViewMethodTests.Batch();
        Tensor[] projections = TwoViewMethodTests.Projections(method, batch).chunk(2);
        double Entropy(bool leaveOneOut) => projections.Average(view => EntropyReconstruction.entropy(view, 4, estimator: EntropyEstimator.Joe, leaveOneOut: leaveOneOut).ToDouble());
        double entropy = Entropy(leaveOneOut: !keepOwn);
        MethodTerms terms = method.call(batch);
        Assert.Multiple(() =>
        {
            Assert.That(terms.Entropy.ToDouble(), Finite.Near(entropy, 1e-4));
            Assert.That(terms.Loss.ToDouble(), Finite.Near(terms.Reconstruction.ToDouble() - 0.5 * entropy, 1e-4));
            Assert.That(terms.MutualInformationBound.ToDouble(), Finite.Near(Entropy(leaveOneOut: false) - terms.Reconstruction.ToDouble(), 1e-4));
        });
    }

    [Test]
    public void The_teacher_starts_as_the_student_and_follows_it_by_the_coefficient()
    {
        using TwoViewMethod method = TwoViewMethodTests.Create("byol", Objective.Er);
        Dictionary<string, Parameter> weights = method.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        (string Teacher, string Student)[] pairs =
            [("teacherEncoder.layers.block2.conv.weight", "encoder.layers.block2.conv.weight"), ("teacherProjector.fc2.bias", "projector.fc2.bias")];
        foreach ((string teacher, string student) in pairs)
        {
            Assert.That(weights[teacher].allclose(weights[student], rtol: 0, atol: 0), Is.True, teacher);
        }
        using (no_grad())
        {
            foreach ((string teacher, string student) in pairs)
            {
                weights[student].add_(randn_like(weights[student]));
            }
        }
        Tensor[] before = [.. pairs.Select(pair => weights[pair.Teacher].detach().clone())];
        method.AfterStep(progress: 0.3); // coefficient 0.9
        foreach (((string teacher, string student), Tensor old) in pairs.Zip(before))
        {
            Tensor followed = 0.9 * old + 0.1 * weights[student];
            Assert.That(weights[teacher].allclose(followed, atol: 1e-6), Is.True, teacher);
            Assert.That(weights[teacher].requires_grad, Is.False);
        }
    }

    private static Tensor Directions(int count, int dimension) => nn.functional.normalize(randn(count, dimension, ScalarType.Float64), dim: 1);
}
