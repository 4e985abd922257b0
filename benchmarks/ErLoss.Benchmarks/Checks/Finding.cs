using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>What a check found of one quantity.</summary>
/// <param name="Of">The quantity.</param>
/// <param name="Error">How far it is from the truth; NaN where no truth can be told.</param>
/// <param name="Limit">How far it may be.</param>
internal readonly record struct Finding(string Of, double Error, double Limit)
{
    /// <summary>Whether it is right. An error that is no finite number is never within its limit.</summary>
    public bool Holds => double.IsFinite(Error) && Error <= Limit;

    /// <summary>A scalar against its truth: the difference relative to the truth, absolute where the truth is less than one.</summary>
    public static Finding OfScalar(string of, double actual, double truth, double limit) =>
        new(of, IsTruth(truth) ? Math.Abs(actual - truth) / Math.Max(1, Math.Abs(truth)) : double.NaN, limit);

    /// <summary>A tensor against its truth: the norm of the difference relative to the truth's.</summary>
    public static Finding OfTensor(string of, Tensor actual, Tensor truth, double limit)
    {
        using var scope = NewDisposeScope();
        Tensor wanted = truth.detach().cpu().to(ScalarType.Float64);
        double norm = wanted.norm().ToDouble();
        return new(of, IsTruth(norm) ? (actual.detach().cpu().to(ScalarType.Float64) - wanted).norm().ToDouble() / norm : double.NaN, limit);
    }

    /// <summary>A statement that is true or not.</summary>
    public static Finding That(string of, bool holds) => new(of, holds ? 0 : double.PositiveInfinity, 0);

    /// <summary>"gradient 3e-07 of 1e-04".</summary>
    public override string ToString() => Limit == 0 ? $"{Of}: {(Holds ? "yes" : "no")}" : $"{Of} {Error:e1} of {Limit:e0}";

    /// <summary>A truth that is zero or not finite proves nothing.</summary>
    private static bool IsTruth(double truth) => double.IsFinite(truth) && truth != 0;
}
