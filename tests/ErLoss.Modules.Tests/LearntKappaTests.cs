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
        using var loss = new EntropyReconstructionLoss(Learnt with { EntropyWeight = 0.5, Evaluation = KernelEvaluation.Composed });
        Parameter logKappa = loss.get_parameter("log_kappa")!;
        Tensor value = loss.call(Draw.Normal(1, 6, 4).ToTensor(), Draw.Normal(2, 6, 4).ToTensor());
        Tensor slope = autograd.grad([value], [logKappa], create_graph: true)[0];
        Assert.That(() => slope.backward(), Throws.TypeOf<ExternalException>().With.Message.Contains("is not implemented"));
    }

    [Test]
    public void KeepsItsDigitsItsTypeAndItsIdentityWhateverTheModuleIsConvertedTo()
    {
        using var objective = new Objective();
        EntropyReconstructionLoss loss = objective.Loss;
        SetLogKappa(loss, Math.Log(Math.PI));
        Parameter logKappa = loss.get_parameter("log_kappa")!;
        double kappa = loss.Kappa;
        Action[] conversions =
        [
            () => loss.to(ScalarType.Float32),
            () => loss.half(),
            () => loss.to(ScalarType.BFloat16),
            () => loss.to(CPU, ScalarType.Float32),
            () => loss.cpu(),
            () => objective.to(ScalarType.Float64),
            () => objective.to(CPU, ScalarType.Float16),
        ];
        foreach (Action convert in conversions)
        {
            convert();
            Assert.That(loss.get_parameter("log_kappa"), Is.SameAs(logKappa));
            Assert.That((logKappa.IsInvalid, logKappa.dtype, loss.Kappa), Is.EqualTo((false, ScalarType.Float64, kappa)));
        }
        Assert.That(objective.parameters().Select(parameter => parameter.dtype), Is.EquivalentTo([ScalarType.Float16, ScalarType.Float16, ScalarType.Float64]));
    }

    [Test]
    public void TravelsInTheStateAndInFilesWhateverTheModuleIsConvertedTo([Values(ScalarType.Float16, ScalarType.Float32)] ScalarType dtype)
    {
        using var source = new Objective();
        source.to(dtype);
        SetLogKappa(source.Loss, 1.23456789012345);
        using var file = new MemoryStream();
        source.save(file);

        using var target = new Objective();
        target.to(dtype);
        target.load(new MemoryStream(file.ToArray()));
        Assert.That(target.Loss.Kappa, Is.EqualTo(source.Loss.Kappa));

        using var another = new EntropyReconstructionLoss(Learnt);
        another.load_state_dict(source.Loss.state_dict());
        Assert.That(another.Kappa, Is.EqualTo(source.Loss.Kappa));
    }

    // TorchSharp's optimisers find a parameter's state by its handle, and Rprop takes no parameter without dimensions.
    [TestCaseSource(nameof(Optimizers))]
    public void IsMovedByEveryOptimizerThatWasMadeBeforeTheConversion(Func<IEnumerable<Parameter>, optim.Optimizer> make)
    {
        using var loss = new EntropyReconstructionLoss(Learnt);
        using optim.Optimizer optimizer = make(loss.parameters());
        loss.to(ScalarType.Float32);
        using Tensor first = Draw.Normal(1, 6, 4).ToTensor(ScalarType.Float32), second = Draw.Normal(2, 6, 4).ToTensor(ScalarType.Float32);
        for (int step = 0; step < 3; step++)
        {
            optimizer.step(() =>
            {
                optimizer.zero_grad();
                Tensor value = loss.call(first, second);
                value.backward();
                return value;
            });
        }
        Assert.That(loss.Kappa, Is.Not.EqualTo(4).And.GreaterThan(0).And.LessThan(100));
    }

    private static IEnumerable<TestCaseData> Optimizers()
    {
        static TestCaseData Case(string name, Func<IEnumerable<Parameter>, optim.Optimizer> make) => new TestCaseData(make).SetArgDisplayNames(name);

        yield return Case("Adadelta", parameters => optim.Adadelta(parameters));
        yield return Case("Adagrad", parameters => optim.Adagrad(parameters));
        yield return Case("Adam", parameters => optim.Adam(parameters));
        yield return Case("Adamax", parameters => optim.Adamax(parameters));
        yield return Case("AdamW", parameters => optim.AdamW(parameters));
        yield return Case("ASGD", parameters => optim.ASGD(parameters));
        yield return Case("LBFGS", parameters => optim.LBFGS(parameters));
        yield return Case("NAdam", parameters => optim.NAdam(parameters));
        yield return Case("RAdam", parameters => optim.RAdam(parameters));
        yield return Case("RMSProp", parameters => optim.RMSProp(parameters));
        yield return Case("Rprop", parameters => optim.Rprop(parameters));
        yield return Case("SGD", parameters => optim.SGD(parameters, 0.1));
    }

    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    [TestCase(-1000)]
    [TestCase(40)]
    public void ThatHasLeftItsRangeSaysSoByItsName(double logKappa)
    {
        using var loss = new EntropyReconstructionLoss(Learnt);
        SetLogKappa(loss, logKappa);
        using Tensor rows = Draw.Normal(1, 6, 4).ToTensor();
        Action<Action> assertRefused = call => Assert.That(
            call,
            Throws.TypeOf<ArgumentOutOfRangeException>()
                .With.Property("ParamName").EqualTo("log_kappa")
                .And.Message.StartsWith($"The learnt κ has become {loss.Kappa}; it must stay a positive number"));
        assertRefused(() => loss.call(rows, rows));
        assertRefused(() => loss.terms(rows, rows));
    }

    private static void SetLogKappa(EntropyReconstructionLoss loss, double value)
    {
        using IDisposable noGrad = no_grad();
        loss.get_parameter("log_kappa")!.fill_(value);
    }

    private sealed class Objective : nn.Module<Tensor, Tensor, Tensor>
    {
        private readonly Linear _encoder = nn.Linear(2, 2);
        private readonly EntropyReconstructionLoss _loss = new(Learnt);

        public Objective()
            : base(nameof(Objective)) => RegisterComponents();

        public EntropyReconstructionLoss Loss => _loss;

        public override Tensor forward(Tensor view1, Tensor view2) => _loss.call(_encoder.call(view1), _encoder.call(view2));
    }
}
