using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>The loss as something to be trained with.</summary>
public class TrainingTests : TensorTests
{
    // Not of classes by Joe's estimate, which falls by collapse; see below.
    [TestCase(Support.Sphere, EntropyEstimator.PlugIn, false)]
    [TestCase(Support.Sphere, EntropyEstimator.PlugIn, true)]
    [TestCase(Support.Sphere, EntropyEstimator.Joe, false)]
    [TestCase(Support.Sphere, EntropyEstimator.Joe, true)]
    [TestCase(Support.Discrete, EntropyEstimator.PlugIn, false)]
    public void EverySmallStepOnFreeEmbeddingsLowersTheLoss(Support support, EntropyEstimator estimator, bool leaveOneOut)
    {
        var options = new EntropyReconstructionOptions { Support = support, Estimator = estimator, LeaveOneOut = leaveOneOut, Kappa = 5 };
        using var loss = new EntropyReconstructionLoss(options);
        using var first = new Parameter(Draw.Normal(1, 16, 4).ToTensor());
        using var second = new Parameter(Draw.Normal(2, 16, 4).ToTensor());
        using optim.Optimizer optimizer = optim.SGD([first, second], 0.1);
        List<double> losses = Train(10, optimizer, () => loss.call(first, second));
        Assert.That(losses, Is.Ordered.Descending);
        Assert.That(losses[^1], Is.Not.NaN.And.LessThan(losses[0] - 0.01));
    }

    // Joe's estimate of a discrete entropy grows as classes die out: the loss that maximises it falls, and beyond −log 4, which no information among four classes exceeds, while classes die.
    [TestCase(EntropyEstimator.Joe, true)]
    [TestCase(EntropyEstimator.PlugIn, false)]
    public void ClassesDieWhereADiscreteEntropyIsJoesAndStayWhereItIsThePlugIn(EntropyEstimator estimator, bool classesDie)
    {
        using var loss = new EntropyReconstructionLoss(support: Support.Discrete, estimator: estimator);
        using var first = new Parameter(0.1 * Draw.Normal(1, 16, 4).ToTensor());
        using var second = new Parameter(0.1 * Draw.Normal(2, 16, 4).ToTensor());
        using optim.Optimizer optimizer = optim.SGD([first, second], 5);
        List<double> losses = Train(300, optimizer, () => loss.call(first, second));
        double rarest = nn.functional.softmax(first, 1).mean([0]).min().ToDouble();
        Assert.That(losses[^1], Is.Not.NaN.And.LessThan(losses[0] - 1), "it falls with both");
        Assert.That(losses[^1], classesDie ? Is.LessThan(-2 * Math.Log(4)) : Is.GreaterThan(-Math.Log(4)));
        Assert.That(rarest, classesDie ? Is.LessThan(1e-3) : Is.GreaterThan(0.1));
    }

    [Test]
    public void TrainsASequentialEncoderInFloat32TogetherWithKappa()
    {
        using var encoder = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3));
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { LearnKappa = true, Kappa = 3 });
        Fill(encoder);
        using Tensor view1 = Draw.Normal(1, 32, 6).ToTensor(ScalarType.Float32);
        using Tensor view2 = view1 + 0.1 * Draw.Normal(2, 32, 6).ToTensor(ScalarType.Float32);
        using optim.Optimizer optimizer = optim.SGD(encoder.parameters().Concat(loss.parameters()), 0.05);
        List<double> losses = Train(40, optimizer, () => loss.call(encoder.call(view1), encoder.call(view2)));
        Assert.That(losses[^1], Is.Not.NaN.And.LessThan(losses[0] - 0.1));
        Assert.That(loss.Kappa, Is.GreaterThan(3).And.LessThan(30));
    }

    // Rows that start together spread out, pairs stay together: what entropy and reconstruction are for.
    [Test]
    public void SpreadsRowsThatStartTogetherAndKeepsPairs()
    {
        using var loss = new EntropyReconstructionLoss(kappa: 5, estimator: EntropyEstimator.Joe);
        using var first = new Parameter(Draw.Normal(1, 12, 3).Select(x => 1 + 0.05 * x).ToTensor());
        using var second = new Parameter(Draw.Normal(2, 12, 3).Select(x => 1 + 0.05 * x).ToTensor());
        using optim.Optimizer optimizer = optim.SGD([first, second], 1);
        EntropyReconstructionTerms before = loss.terms(first, second);
        Train(200, optimizer, () => loss.call(first, second));
        EntropyReconstructionTerms after = loss.terms(first, second);
        Assert.That(after.Entropy.ToDouble(), Is.GreaterThan(before.Entropy.ToDouble() + 1));
        Assert.That(nn.functional.cosine_similarity(first, second, dim: 1).min().ToDouble(), Is.GreaterThan(0.9));
    }

    [Test]
    public void TakesPartInAModuleOfModules()
    {
        using var objective = new Objective();
        Assert.That(objective.state_dict().Keys, Is.EquivalentTo(["_encoder.weight", "_encoder.bias", "_loss.log_kappa"]));
        Assert.That(objective.call(ones(3, 2), ones(3, 2)).requires_grad);
    }

    private sealed class Objective : nn.Module<Tensor, Tensor, Tensor>
    {
        private readonly Linear _encoder = nn.Linear(2, 2);
        private readonly EntropyReconstructionLoss _loss = new(new EntropyReconstructionOptions { LearnKappa = true });

        public Objective()
            : base(nameof(Objective)) => RegisterComponents();

        public override Tensor forward(Tensor view1, Tensor view2) => _loss.call(_encoder.call(view1), _encoder.call(view2));
    }

    private static List<double> Train(int steps, optim.Optimizer optimizer, Func<Tensor> loss)
    {
        var losses = new List<double>();
        for (int step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            Tensor value = loss();
            value.backward();
            optimizer.step();
            losses.Add(value.ToDouble());
        }
        return losses;
    }

    // Weights that do not depend on torch's generator.
    private static void Fill(nn.Module module)
    {
        using IDisposable noGrad = no_grad();
        int seed = 10;
        foreach (Parameter parameter in module.parameters())
        {
            Tensor values = Draw.Normal(seed++, 1, (int)parameter.numel()).ToTensor(ScalarType.Float32);
            parameter.copy_(0.4 * values.view(parameter.shape));
        }
    }
}
