using TorchSharp;

namespace ErLoss.Modules.Tests;

/// <summary>The numbers of an <see cref="EntropyReconstructionTerms"/>.</summary>
internal readonly record struct TermValues(double Loss, double Entropy, double Reconstruction, double MutualInformationBound)
{
    public static TermValues Of(EntropyReconstructionTerms terms) => new(
        terms.Loss.ToDouble(), terms.Entropy.ToDouble(), terms.Reconstruction.ToDouble(), terms.MutualInformationBound.ToDouble());

    public static TermValues Of(EntropyReconstructionOptions options, double[,] projection1, double[,] projection2)
    {
        using var scope = torch.NewDisposeScope();
        using var loss = new EntropyReconstructionLoss(options);
        return Of(loss.terms(projection1.ToTensor(), projection2.ToTensor()));
    }

    /// <summary>Asserts that each is within the tolerance, as below.</summary>
    public void AssertNear(TermValues expected, double tolerance)
    {
        AssertNear(Loss, expected.Loss, tolerance, nameof(Loss));
        AssertNear(Entropy, expected.Entropy, tolerance, nameof(Entropy));
        AssertNear(Reconstruction, expected.Reconstruction, tolerance, nameof(Reconstruction));
        AssertNear(MutualInformationBound, expected.MutualInformationBound, tolerance, nameof(MutualInformationBound));
    }

    /// <summary>Asserts nearness: relative where the value wanted is above 1, absolute elsewhere.</summary>
    public static void AssertNear(double actual, double expected, double tolerance, string name)
    {
        // NUnit takes NaN for equal to NaN.
        Assert.That(double.IsFinite(expected), name);
        Assert.That(actual, Is.EqualTo(expected).Within(tolerance * Math.Max(1, Math.Abs(expected))), name);
    }
}
