using ErLoss.Modules;
using ErLoss.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

internal sealed class SwAVTests : TensorTests
{
    [Test]
    public void The_native_loss_is_the_cross_entropy_to_the_other_view_s_codes()
    {
        using TwoViewMethod method = TwoViewMethodTests.Create("swav", Objective.Native);
        ViewBatch batch = TwoViewMethodTests.Batch();
        Tensor weight = method.state_dict()["prototypes.weight"];
        using (no_grad())
        {
            weight.mul_(2); // prototypes are directions, whatever their weights' norm
        }
        Tensor[] scores = TwoViewMethodTests.Projections(method, batch).mm(nn.functional.normalize(weight, dim: 1).t()).chunk(2);
        double Way(Tensor from, Tensor to) =>
            -(SinkhornKnopp.Assign(to, 0.05, 3) * ((from / 0.1) - (from / 0.1).exp().sum(1, keepdim: true).log())).sum().ToDouble() / 8;
        Assert.That(
            method.call(batch).Loss.ToDouble(),
            Finite.Near((Way(scores[0], scores[1]) + Way(scores[1], scores[0])) / 2, 1e-4));
    }

    [Test]
    public void The_gradient_of_the_native_loss_is_that_of_finite_differences_with_the_codes_held()
    {
        using EntropyReconstructionLoss crossEntropy = SwAV.CrossEntropy();
        Tensor point = Scores(), other = Scores();
        Tensor codes = SinkhornKnopp.Assign(point, 0.05, 3), otherCodes = SinkhornKnopp.Assign(other, 0.05, 3);
        GradientAssert.Agree(
            x => SwAV.SwappedPrediction(crossEntropy, x, other),
            point,
            x => ((nn.functional.cross_entropy(other / 0.1, codes) + nn.functional.cross_entropy(x / 0.1, otherCodes)) / 2).ToDouble());
    }

    private static Tensor Scores() => rand(6, 4, dtype: ScalarType.Float64) * 2 - 1;
}
