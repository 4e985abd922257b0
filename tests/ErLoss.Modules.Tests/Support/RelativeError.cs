using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>
/// The error of a tensor relative to the size of what it should be. NUnit's <c>Is.LessThan</c> accepts NaN, and an error of nothing against
/// nothing is zero; so both are refused here.
/// </summary>
internal static class RelativeError
{
    public static double Of(Tensor actual, Tensor truth)
    {
        double size = truth.norm().ToDouble();
        Assert.That(size, Is.GreaterThan(0).And.LessThan(double.PositiveInfinity), "the truth is finite and not zero");
        double error = (actual.cpu().to(ScalarType.Float64) - truth).norm().ToDouble() / size;
        Assert.That(error, Is.GreaterThanOrEqualTo(0), "the error is a number");
        return error;
    }
}
