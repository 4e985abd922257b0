using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>κ as a parameter of the module.</summary>
public class LearntKappaTests : TensorTests
{
    private static readonly EntropyReconstructionOptions Learnt = new() { LearnKappa = true, Kappa = 4 };

    [TestCase(true, 1)]
    [TestCase(false, 0)]
    public void IsTheOnlyEntryOfTheState(bool learnKappa, int count)
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { LearnKappa = learnKappa });
        Assert.That(loss.state_dict().Keys, Is.EqualTo(Enumerable.Repeat("log_kappa", count)));
        Assert.That(loss.parameters().Count(), Is.EqualTo(count));
        Assert.That(loss.buffers(), Is.Empty);
    }

    [Test]
    public void StartsFromTheSettingAndIsFollowedByTheProperty()
    {
        using var loss = new EntropyReconstructionLoss(Learnt);
        Assert.That(loss.Kappa, Is.EqualTo(4).Within(1e-14));
        SetLogKappa(loss, Math.Log(0.25));
        Assert.That(loss.Kappa, Is.EqualTo(0.25).Within(1e-14));
        Assert.That(loss.Options.Kappa, Is.EqualTo(4));
    }

    [Test]
    public void IsTheKappaOfTheTerms()
    {
        double[,] first = Draw.Normal(1, 6, 4);
        double[,] second = Draw.Normal(2, 6, 4);
        using var loss = new EntropyReconstructionLoss(Learnt);
        SetLogKappa(loss, Math.Log(7));
        using EntropyReconstructionTerms terms = loss.terms(first.ToTensor(), second.ToTensor());
        TermValues.Of(terms).AssertNear(Recomputation.Terms(first, second, Learnt with { Kappa = 7 }), 1e-12);
    }

    [Test]
    public void IsMovedByAnOptimiserAgainstItsGradientAndStaysPositive()
    {
        using var loss = new EntropyReconstructionLoss(Learnt);
        Parameter logKappa = loss.get_parameter("log_kappa")!;
        using optim.Optimizer optimizer = optim.SGD(loss.parameters(), 0.5);
        using Tensor first = Draw.Normal(1, 6, 4).ToTensor();
        using Tensor second = Draw.Normal(2, 6, 4).ToTensor();
        for (int step = 0; step < 20; step++)
        {
            double before = loss.Kappa;
            optimizer.zero_grad();
            loss.call(first, second).backward();
            double gradient = logKappa.grad!.ToDouble();
            optimizer.step();
            Assert.That(loss.Kappa, Is.EqualTo(before * Math.Exp(-0.5 * gradient)).Within(1e-12 * before));
            Assert.That(loss.Kappa, Is.Positive);
        }
        Assert.That(loss.Kappa, Is.Not.EqualTo(4).Within(0.1));
    }

    // The density's likelihood alone has one best κ, that whose mean resultant length is the pairs' mean cosine.
    [Test]
    public void TendsToTheMaximumLikelihoodWhereOnlyReconstructionCounts()
    {
        double[,] first = Draw.UnitRows(3, 400, 3);
        double[,] second = VonMisesFisherSampler.Draw(4, first, 12);
        using var loss = new EntropyReconstructionLoss(Learnt with { EntropyWeight = 0 });
        using optim.Optimizer optimizer = optim.SGD(loss.parameters(), 0.7);
        for (int step = 0; step < 100; step++)
        {
            optimizer.zero_grad();
            loss.call(first.ToTensor(), second.ToTensor()).backward();
            optimizer.step();
        }
        double meanCosine = Enumerable.Range(0, 400).Average(i => first.Dot(i, second, i));
        Assert.That(VonMisesFisher.MeanResultantLength(3, loss.Kappa), Is.EqualTo(meanCosine).Within(1e-9));
        Assert.That(loss.Kappa, Is.EqualTo(12).Within(2));
    }

    [Test]
    public void ASecondDerivativeThatTheNormaliserDoesNotHaveThrows()
    {
        using var loss = new EntropyReconstructionLoss(Learnt with { EntropyWeight = 0.5, Evaluation = Evaluation.Composed });
        Parameter logKappa = loss.get_parameter("log_kappa")!;
        Tensor value = loss.call(Draw.Normal(1, 6, 4).ToTensor(), Draw.Normal(2, 6, 4).ToTensor());
        Tensor slope = autograd.grad([value], [logKappa], create_graph: true)[0];
        Assert.That(() => slope.backward(), Throws.TypeOf<ExternalException>().With.Message.Contains("is not implemented"));
    }

    [Test]
    public void TravelsInTheState()
    {
        using var source = new EntropyReconstructionLoss(Learnt);
        SetLogKappa(source, Math.Log(33));
        using var target = new EntropyReconstructionLoss(Learnt);
        target.load_state_dict(source.state_dict());
        Assert.That(target.Kappa, Is.EqualTo(33).Within(1e-12));
    }

    [TestCase(ScalarType.Float32, 1e-6)]
    [TestCase(ScalarType.Float64, 1e-14)]
    [TestCase(ScalarType.BFloat16, 1e-2)]
    public void SurvivesAConversionOfTheModule(ScalarType dtype, double tolerance)
    {
        using var loss = new EntropyReconstructionLoss(Learnt);
        loss.to(dtype);
        Assert.That(loss.Kappa, Is.EqualTo(4).Within(4 * tolerance));

        // Whatever the parameter's type, constants of thousands of nats are not rounded to it.
        double[,] rows = Draw.Normal(5, 4, 4096);
        using EntropyReconstructionTerms terms = loss.terms(rows.ToTensor(), rows.ToTensor());
        TermValues.Of(terms).AssertNear(Recomputation.Terms(rows, rows, Learnt with { Kappa = loss.Kappa }), 1e-12);
        terms.Entropy.backward();
        Assert.That(loss.get_parameter("log_kappa")!.grad!.dtype, Is.EqualTo(dtype));
    }

    private static void SetLogKappa(EntropyReconstructionLoss loss, double value)
    {
        using IDisposable noGrad = no_grad();
        loss.get_parameter("log_kappa")!.fill_(value);
    }
}
