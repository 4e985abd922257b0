using ErLoss.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

internal sealed class DinoTests : TensorTests
{
    private const string Center = "center";

    [TestCase(true)]
    [TestCase(false)]
    public void The_native_loss_is_the_cross_entropy_to_the_sharpened_and_centred_teacher(bool centering)
    {
        using TwoViewMethod method = TwoViewMethodTests.Create("dino", Objective.Native, centering ? "" : "centering=false");
        method.eval(); // normalisation that does not mix the batch
        Tensor center = method.state_dict()[Center];
        center.copy_(randn_like(center) * 0.1);
        ViewBatch batch = TwoViewMethodTests.Batch();

        // The teacher is still the student's copy: its cosines are temperature times the log of the student's probabilities, but for a constant.
        Tensor LogProbabilities(Tensor view) => method.Project(method.Encoder.call(view)).Probabilities!.log();
        Tensor Target(Tensor view) => nn.functional.softmax((0.1 * LogProbabilities(view) - (centering ? center : zeros_like(center))) / 0.04, 1);
        double Way(Tensor teacher, Tensor student) => -(Target(teacher) * LogProbabilities(student)).sum(1).mean().ToDouble();
        double expected = (Way(batch.View1, batch.View2) + Way(batch.View2, batch.View1)) / 2;
        Assert.That(method.call(batch).Loss.ToDouble(), Finite.Near(expected, 1e-4));
    }

    [Test]
    public void The_centre_follows_the_teacher_s_mean_output_in_training_only()
    {
        using TwoViewMethod method = TwoViewMethodTests.Create("dino", Objective.Native);
        ViewBatch batch = TwoViewMethodTests.Batch();
        Tensor center = method.state_dict()[Center];
        method.eval();
        method.call(batch);
        Assert.That(center.abs().max().ToDouble(), Is.Zero);

        method.train();
        method.call(batch);
        Tensor once = center.clone();
        method.call(batch); // the same outputs, as neither weights nor batch have changed
        Assert.Multiple(() =>
        {
            Assert.That(once.abs().max().ToDouble(), Finite.GreaterThan(0));
            Assert.That(center.allclose(1.9 * once, atol: 1e-6), Is.True); // 0.1·m, then 0.9·0.1·m + 0.1·m
        });
    }

    [Test]
    public void Without_centring_the_centre_stays_zero()
    {
        using TwoViewMethod method = TwoViewMethodTests.Create("dino", Objective.Er, "centering=false");
        method.call(TwoViewMethodTests.Batch());
        Assert.That(method.state_dict()[Center].abs().max().ToDouble(), Is.Zero);
    }

    [Test]
    public void The_teacher_s_prototypes_follow_too()
    {
        using TwoViewMethod method = TwoViewMethodTests.Create("dino", Objective.Er);
        Dictionary<string, Tensor> state = method.state_dict();
        Tensor teacher = state["teacherPrototypes.weight"], student = state["prototypes.weight"];
        using (no_grad())
        {
            student.add_(1);
        }
        Tensor expected = 0.9 * teacher + 0.1 * student;
        method.AfterStep(1);
        Assert.That(teacher.allclose(expected), Is.True);
    }
}
