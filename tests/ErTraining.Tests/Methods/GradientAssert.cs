using ErLoss.SelfSupervised.Gradients;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

/// <summary>Asserts that gradients agree with central differences, which a gradient that is zero everywhere does not prove.</summary>
internal static class GradientAssert
{
    private static readonly ErLoss.SelfSupervised.Gradients.GradientCheck s_check = new() { Step = 1e-5, AbsoluteTolerance = 1e-7, RelativeTolerance = 1e-7 };

    /// <summary>Asserts that they agree at a point.</summary>
    /// <param name="loss">A scalar of a tensor.</param>
    /// <param name="point">Float64; where to differentiate.</param>
    /// <param name="recomputed">The same loss from another source, for the differences; <paramref name="loss"/> itself if null.</param>
    public static void Agree(Func<Tensor, Tensor> loss, Tensor point, Func<Tensor, double>? recomputed = null)
    {
        Tensor at = point.detach().clone().requires_grad_();
        GradientComparison comparison = s_check.Run(() => loss(at), [("point", at)], () => recomputed is null ? loss(at) : tensor(recomputed(at.detach())));
        Assert.That(comparison.IsRight, comparison.ToString());
        Assert.That(comparison.LargestDerivative, Finite.GreaterThan(0), "a gradient that is zero everywhere proves nothing");
    }
}
