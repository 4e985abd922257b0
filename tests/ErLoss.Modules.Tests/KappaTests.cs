using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>κ that is set anew, a κ of the reconstruction's own, and limits of a learnt one.</summary>
internal sealed class KappaTests : TensorTests
{
    private const string LogReconstructionKappa = "log_reconstruction_kappa";

    private static readonly EntropyReconstructionOptions Learnt = new() { Kappa = 4, ReconstructionKappa = 9, LearnReconstructionKappa = true };

    [Test]
    public void OneThatIsSetAnewIsThatOfTheTerms([Values] bool ownKappa)
    {
        var options = new EntropyReconstructionOptions { Kappa = 4, ReconstructionKappa = ownKappa ? 9 : null, EntropyWeight = 0.7 };
        using var loss = new EntropyReconstructionLoss(options);
        double[,] first = Draw.Normal(1, 6, 4), second = Draw.Normal(2, 6, 4);
        foreach (double kappa in (double[])[4, 7, 2.5])
        {
            loss.Kappa = kappa;
            if (ownKappa)
            {
                loss.ReconstructionKappa = 3 * kappa;
            }
            Assert.That((loss.Kappa, loss.ReconstructionKappa), Is.EqualTo((kappa, ownKappa ? 3 * kappa : kappa)));
            TermValues.Of(loss.terms(first.ToTensor(), second.ToTensor())).AssertNear(Expected(first, second, options with { Kappa = kappa }, loss.ReconstructionKappa), 1e-12);
        }
        Assert.That((loss.Options.Kappa, loss.Options.ReconstructionKappa), Is.EqualTo((4, options.ReconstructionKappa)));
    }

    // With equal weights as well: the constants are then not the same and do not cancel.
    [Test]
    public void TheReconstructionsOwnIsThatOfItsTerm([Values] bool isLearnt, [Values] Normalizer normalizer, [Values] bool leaveOneOut, [Values(1, 0.7)] double entropyWeight)
    {
        EntropyReconstructionOptions options = Learnt with { LearnReconstructionKappa = isLearnt, Normalizer = normalizer, LeaveOneOut = leaveOneOut, EntropyWeight = entropyWeight };
        double[,] first = Draw.Normal(1, 6, 4), second = Draw.Normal(2, 6, 4);
        using var loss = new EntropyReconstructionLoss(options);
        TermValues expected = Expected(first, second, options, 9);
        TermValues.Of(loss.terms(first.ToTensor(), second.ToTensor())).AssertNear(expected, 1e-12);
        Tensor value = loss.call(first.ToTensor(), second.ToTensor());
        TermValues.AssertNear(value.ToDouble(), expected.Loss, 1e-12, "call");
        if (isLearnt)
        {
            const double Step = 1e-5;
            double At(double step) => Expected(first, second, options, 9 * Math.Exp(step)).Loss;
            double slope = autograd.grad([value], [loss.get_parameter(LogReconstructionKappa)!])[0].ToDouble();
            TermValues.AssertNear(slope, (At(Step) - At(-Step)) / (2 * Step), 1e-8, "slope");
        }
    }

    // The likelihood has one best κ, whose mean resultant length is the mean cosine, while the kernels keep theirs.
    [Test]
    public void TheReconstructionsOwnFindsTheConcentrationOfThePairs()
    {
        double[,] first = Draw.UnitRows(3, 1000, 3), second = VonMisesFisherSampler.Draw(4, first, 37);
        using var loss = new EntropyReconstructionLoss(Learnt with { Estimator = EntropyEstimator.Joe, EntropyWeight = 0 });
        using optim.Optimizer optimizer = optim.SGD(loss.parameters(), 0.7);
        Tensor rows1 = first.ToTensor(), rows2 = second.ToTensor();
        for (int step = 0; step < 60; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            loss.call(rows1, rows2).backward();
            optimizer.step();
        }
        double meanCosine = Enumerable.Range(0, 1000).Average(i => first.Dot(i, second, i));
        Assert.That(VonMisesFisher.MeanResultantLength(3, loss.ReconstructionKappa), Is.EqualTo(meanCosine).Within(1e-9));
        Assert.That(loss.ReconstructionKappa, Is.EqualTo(37).Within(3.5), "three standard errors");
        Assert.That(loss.Kappa, Is.EqualTo(4));
    }

    [Test]
    public void TheReconstructionsOwnKeepsItsDigitsAndTravelsInTheStateAndInFiles()
    {
        using EntropyReconstructionLoss source = new(Learnt), target = new(Learnt), another = new(Learnt);
        Assert.That(source.state_dict().Keys, Is.EqualTo([LogReconstructionKappa]));
        SetLog(source, 1.23456789012345);
        double kappa = source.ReconstructionKappa;
        Parameter parameter = source.get_parameter(LogReconstructionKappa)!;
        source.half();
        source.to(ScalarType.Float32);
        Assert.That(source.get_parameter(LogReconstructionKappa), Is.SameAs(parameter));
        Assert.That((parameter.dtype, parameter.shape, source.ReconstructionKappa), Is.EqualTo((ScalarType.Float64, new long[] { 1 }, kappa)));
        using var file = new MemoryStream();
        source.save(file);
        target.half();
        target.load(new MemoryStream(file.ToArray()));
        another.load_state_dict(source.state_dict());
        Assert.That((target.ReconstructionKappa, another.ReconstructionKappa), Is.EqualTo((kappa, kappa)));
    }

    [Test]
    public void ALearntOneStaysWithinItsLimitsAndComesBackFromThem([Values] bool own, [Values] bool upper)
    {
        (double start, double limit) = upper ? (8, 12) : (3, 2);
        var options = new EntropyReconstructionOptions
        {
            Kappa = own ? 4 : start,
            LearnKappa = !own,
            ReconstructionKappa = own ? start : null,
            LearnReconstructionKappa = own,
            MinKappa = upper ? null : limit,
            MaxKappa = upper ? limit : null,
        };
        using var loss = new EntropyReconstructionLoss(options);
        Parameter logarithm = loss.get_parameter(own ? LogReconstructionKappa : "log_kappa")!;
        Tensor first = Draw.Normal(1, 6, 4).ToTensor(), second = Draw.Normal(2, 6, 4).ToTensor();

        // Far beyond, as a step of an optimizer can set it.
        SetLog(logarithm, Math.Log(limit) + (upper ? 5 : -5));
        Assert.That(loss.ReconstructionKappa, Is.EqualTo(limit));
        Tensor value = loss.call(first, second);
        Assert.That(logarithm.ToDouble(), Is.EqualTo(Math.Log(limit)).Within(1e-15));
        double slope = autograd.grad([value], [logarithm])[0].ToDouble();
        EntropyReconstructionOptions fixedAt = own
            ? options with { ReconstructionKappa = limit, LearnReconstructionKappa = false, MinKappa = null, MaxKappa = null }
            : options with { Kappa = limit, LearnKappa = false, MinKappa = null, MaxKappa = null };
        using var fixedLoss = new EntropyReconstructionLoss(fixedAt);
        TermValues.AssertNear(value.ToDouble(), fixedLoss.call(first, second).ToDouble(), 1e-13, "value at the limit");
        Assert.That(slope, Is.Not.Zero, "the gradient at the limit");

        // A step against a gradient that leads inward.
        using optim.Optimizer optimizer = optim.SGD([logarithm], 0.1);
        (Math.Sign(slope) == (upper ? 1 : -1) ? loss.call(first, second) : -loss.call(first, second)).backward();
        optimizer.step();
        Assert.That(loss.ReconstructionKappa, upper ? Is.LessThan(limit) : Is.GreaterThan(limit));
        Assert.That(loss.ReconstructionKappa, Is.EqualTo(limit * Math.Exp((upper ? -0.1 : 0.1) * Math.Abs(slope))).Within(1e-12));
        double within = loss.ReconstructionKappa;
        loss.call(first, second);
        Assert.That(loss.ReconstructionKappa, Is.EqualTo(within), "within the limits nothing is put back");
    }

    [Test]
    public void TheLargestLimitIsTaken()
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { LearnKappa = true, MaxKappa = 1e15 });
        SetLog(loss.get_parameter("log_kappa")!, 100);
        Tensor rows = Draw.Normal(1, 6, 4).ToTensor();
        Assert.That(double.IsFinite(loss.call(rows, rows).ToDouble()));
        Assert.That(loss.Kappa, Is.EqualTo(1e15).Within(1e-12).Percent);
    }

    [Test]
    public void WhatCannotBeSetSaysSo()
    {
        using EntropyReconstructionLoss one = new(), own = new(Learnt with { LearnReconstructionKappa = false }), learnt = new(new EntropyReconstructionOptions { LearnKappa = true }), ownLearnt = new(Learnt);
        foreach (double bad in (double[])[0, -1, double.NaN, double.PositiveInfinity, 1e16])
        {
            Assert.That(() => one.Kappa = bad, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("positive, finite"));
            Assert.That(() => own.ReconstructionKappa = bad, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("positive, finite"));
        }
        Assert.That(() => learnt.Kappa = 3, Throws.InvalidOperationException.With.Message.Contains("log_kappa"));
        Assert.That(() => ownLearnt.ReconstructionKappa = 3, Throws.InvalidOperationException.With.Message.Contains(LogReconstructionKappa));
        Assert.That(() => one.ReconstructionKappa = 3, Throws.InvalidOperationException.With.Message.Contains("one κ"));
        Assert.That((one.Kappa, one.ReconstructionKappa, own.ReconstructionKappa), Is.EqualTo((10, 10, 9)));
        ownLearnt.Kappa = 5;
        Assert.That(ownLearnt.Kappa, Is.EqualTo(5));
        one.Dispose();
        Assert.That(() => one.Kappa = 3, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => _ = one.ReconstructionKappa, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void OneThatHasLeftItsRangeIsRefusedByItsName()
    {
        using var loss = new EntropyReconstructionLoss(Learnt);
        SetLog(loss, double.NaN);
        Tensor rows = Draw.Normal(1, 6, 4).ToTensor();
        Assert.That(() => loss.call(rows, rows), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo(LogReconstructionKappa));
        Tensor elsewhere = ones(4, 3, device: device("meta"));
        Assert.That(() => loss.call(elsewhere, elsewhere), Throws.ArgumentException.With.Property("ParamName").EqualTo("projection1").And.Message.Contains(LogReconstructionKappa));
    }

    private static void SetLog(EntropyReconstructionLoss loss, double value) => SetLog(loss.get_parameter(LogReconstructionKappa)!, value);

    private static void SetLog(Parameter parameter, double value)
    {
        using IDisposable noGrad = no_grad();
        parameter.fill_(value);
    }

    private static TermValues Expected(double[,] first, double[,] second, EntropyReconstructionOptions options, double reconstructionKappa)
    {
        TermValues kernels = Recomputation.Terms(first, second, options);
        double reconstruction = Recomputation.Terms(first, second, options with { Kappa = reconstructionKappa }).Reconstruction;
        return new TermValues(
            options.ReconstructionWeight * reconstruction - options.EntropyWeight * kernels.Entropy,
            kernels.Entropy,
            reconstruction,
            kernels.MutualInformationBound + kernels.Reconstruction - reconstruction);
    }
}
