using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Cuda;

/// <summary>The host does not wait for the GPU: when a call returns, work that was given to the GPU before it is still not done.</summary>
public class NoWaitingTests : CudaTests
{
    [Test]
    public void ForTheLossOfProjectionsThatItNormalises([Values] Support support, [Values] EntropyEstimator estimator, [Values] bool leaveOneOut)
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions
        {
            Support = support,
            Estimator = estimator,
            LeaveOneOut = leaveOneOut,
            Evaluation = Evaluation.Fused,
        });
        Tensor first = randn(4096, 64, device: Device).requires_grad_(), second = randn(4096, 64, device: Device).requires_grad_();
        Assert.That(DeviceUnderTest.WaitsFor(Device, () => loss.call(first, second).backward()), Is.False);
    }

    [Test]
    public void NorForALargeOrALearntKappa([Values(10, 100)] double kappa, [Values] bool learnKappa, [Values] bool leaveOneOut, [Values] bool onlyTheLoss)
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions
        {
            Kappa = kappa,
            LearnKappa = learnKappa,
            LeaveOneOut = leaveOneOut,
            Evaluation = Evaluation.Fused,
        });
        loss.to(Device);
        Tensor first = randn(2048, 64, device: Device).requires_grad_(), second = randn(2048, 64, device: Device).requires_grad_();
        Assert.That(DeviceUnderTest.WaitsFor(Device, Step), Is.False);

        void Step()
        {
            using var scope = NewDisposeScope();
            (onlyTheLoss ? loss.call(first, second) : loss.terms(first, second).Entropy).backward();
        }
    }

    [Test]
    public void AWaitWouldBeSeen()
    {
        Tensor rows = randn(16, 16, device: Device);
        Assert.That(DeviceUnderTest.WaitsFor(Device, () => rows.sum().ToDouble()));
    }
}
