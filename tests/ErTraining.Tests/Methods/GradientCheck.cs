using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

/// <summary>Gradients by automatic differentiation against central differences, in float64.</summary>
internal static class GradientCheck
{
    private const double Step = 1e-5;

    /// <summary>Asserts that they agree at a point.</summary>
    /// <param name="loss">A scalar of a tensor.</param>
    /// <param name="point">Float64; where to differentiate.</param>
    /// <param name="recomputed">The same loss from another source, for the differences; <paramref name="loss"/> itself if null.</param>
    public static void Agree(Func<Tensor, Tensor> loss, Tensor point, Func<Tensor, double>? recomputed = null)
    {
        recomputed ??= x => loss(x).ToDouble();
        Tensor at = point.detach().clone().requires_grad_();
        loss(at).backward();
        double[] gradient = at.grad!.flatten().data<double>().ToArray();
        Assert.That(gradient, Has.All.Matches<double>(double.IsFinite).And.Some.Not.Zero, "a gradient that is zero everywhere proves nothing");
        Assert.Multiple(() =>
        {
            for (int i = 0; i < gradient.Length; i++)
            {
                double difference = (recomputed(Moved(i, Step)) - recomputed(Moved(i, -Step))) / (2 * Step);
                Assert.That(gradient[i], Finite.Near(difference, Math.Max(1e-7, 1e-7 * Math.Abs(difference))), $"element {i}");
            }
        });

        Tensor Moved(int index, double by)
        {
            Tensor moved = point.detach().clone();
            moved.view(-1)[index] += by;
            return moved;
        }
    }
}
