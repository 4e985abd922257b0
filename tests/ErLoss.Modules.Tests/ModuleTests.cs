using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>The loss as a module: what it prints, and what it says after its end.</summary>
public class ModuleTests : TensorTests
{
    [Test]
    public void AfterDisposalItSaysWhichObjectIsDisposed([Values] bool learnKappa)
    {
        var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { LearnKappa = learnKappa });
        Tensor rows = Draw.Normal(1, 4, 3).ToTensor();
        loss.Dispose();
        foreach (Action call in (Action[])[() => loss.call(rows, rows), () => loss.forward(rows, rows), () => loss.terms(rows, rows), () => _ = loss.Kappa])
        {
            Assert.That(call, Throws.TypeOf<ObjectDisposedException>().With.Property("ObjectName").Contains(nameof(EntropyReconstructionLoss)));
        }
        Assert.That($"{loss}", Does.StartWith("EntropyReconstructionLoss(Support: Sphere, Kappa: 10"));
        Assert.That(loss.Dispose, Throws.Nothing);
    }

    [Test]
    public void ItPrintsTheSettingsThatMeanSomethingOnItsSupport()
    {
        var german = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        german.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo.CurrentCulture = german; // NUnit restores it
        using var onSphere = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Kappa = 2.5, LearnKappa = true, EntropyWeight = 0.5 });
        using (no_grad())
        {
            onSphere.get_parameter("log_kappa")!.fill_(Math.Log(3.25));
        }
        Assert.That(
            $"{onSphere}",
            Is.EqualTo("EntropyReconstructionLoss(Support: Sphere, Kappa: 3.25 (learnt), LeaveOneOut: False, Estimator: PlugIn, EntropyWeight: 0.5, "
                + "ReconstructionWeight: 1, NormalizeInputs: True, Normalizer: Exact, Evaluation: Auto, ProductPrecision: Full)"));
        using var own = new EntropyReconstructionLoss(new EntropyReconstructionOptions
        {
            ReconstructionKappa = 20.5,
            LearnReconstructionKappa = true,
            MinKappa = 0.5,
            MaxKappa = 50,
            Estimator = EntropyEstimator.Joe,
            Reduction = nn.Reduction.None,
        });
        Assert.That(
            $"{own}",
            Is.EqualTo("EntropyReconstructionLoss(Support: Sphere, Kappa: 10, ReconstructionKappa: 20.5 (learnt), MinKappa: 0.5, MaxKappa: 50, LeaveOneOut: False, Estimator: Joe, EntropyWeight: 1, "
                + "ReconstructionWeight: 1, NormalizeInputs: True, Normalizer: Exact, Reduction: None, Evaluation: Auto, ProductPrecision: Full)"));
        using var discrete = new EntropyReconstructionLoss(support: Support.Discrete);
        Assert.That(
            discrete.ToString(),
            Is.EqualTo("EntropyReconstructionLoss(Support: Discrete, Estimator: PlugIn, EntropyWeight: 1, ReconstructionWeight: 1, "
                + "NormalizeInputs: True, Normalizer: Exact)"));
    }

    // A training loop of another hand asks for a loss of TorchSharp's, with a prediction and a target.
    [Test]
    public void ItTakesAPlaceWhereALossOfTorchSharpIsAskedFor([Values] Support support)
    {
        using var own = new EntropyReconstructionLoss(support: support);
        Tensor prediction = Draw.Normal(1, 4, 3).ToLeaf(), target = Draw.Normal(2, 4, 3).ToTensor();
        double expected = own.terms(prediction, target).Loss.ToDouble();
        Assert.That(Step(own, prediction, target), Is.EqualTo(expected));
        Assert.That(prediction.grad, Is.Not.Null);

        static double Step(Loss<Tensor, Tensor, Tensor> loss, Tensor prediction, Tensor target)
        {
            using Tensor output = loss.call(prediction, target);
            output.backward();
            return output.ToDouble();
        }
    }
}
