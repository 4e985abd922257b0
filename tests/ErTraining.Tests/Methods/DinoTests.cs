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
        Tensor kept = method.state_dict()[Center];
        kept.copy_(randn_like(kept) * 0.1);
        Tensor center = kept.clone();
        ViewBatch batch = TwoViewMethodTests.Batch();

        // The teacher is still the student's copy: its cosines are temperature times the log of the student's probabilities, but for a constant.
        Tensor[] logProbabilities = method.Project(method.Encoder.call(cat([batch.View1, batch.View2]))).Probabilities!.log().chunk(2);
        Tensor Target(int view) => nn.functional.softmax((0.1 * logProbabilities[view] - (centering ? center : zeros_like(center))) / 0.04, 1);
        double Way(int teacher, int student) => -(Target(teacher) * logProbabilities[student]).sum(1).mean().ToDouble();
        Assert.Multiple(() =>
        {
            Assert.That(method.call(batch).Loss.ToDouble(), Finite.Near((Way(0, 1) + Way(1, 0)) / 2, 1e-4));
            Assert.That((Way(0, 0) + Way(1, 1)) / 2, Is.Not.EqualTo((Way(0, 1) + Way(1, 0)) / 2).Within(1e-3), "the views are to be told apart");
        });
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
