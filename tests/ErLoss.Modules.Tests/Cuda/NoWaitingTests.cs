using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Cuda;

/// <summary>The host does not wait for the GPU: when a call returns, work that was given to the GPU before it is still not done.</summary>
public class NoWaitingTests : CudaTests
{
    [Test]
    public void ForTheLossOfProjectionsThatItNormalises([Values] Support support, [Values] EntropyEstimator estimator, [Values] bool leaveOneOut)
    {
        RequireFirstCudaDevice();
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions
        {
            Support = support,
            Estimator = estimator,
            LeaveOneOut = leaveOneOut,
            Evaluation = Evaluation.Fused,
        });
        Tensor first = randn(4096, 64, device: Device).requires_grad_(), second = randn(4096, 64, device: Device).requires_grad_();
        Assert.That(WorkBeforeIsDone(() => loss.call(first, second).backward()), Is.False);
    }

    [Test]
    public void AWaitWouldBeSeen()
    {
        RequireFirstCudaDevice();
        Tensor rows = randn(16, 16, device: Device);
        Assert.That(WorkBeforeIsDone(() => rows.sum().ToDouble()));
    }

    private void RequireFirstCudaDevice()
    {
        RequireCuda();
        if (Device.index != 0)
        {
            Assert.Ignore($"the driver's events are those of the current device, cuda:0, and this runs on {Device}");
        }
    }

    /// <summary>Gives the GPU work of half a second on a fast one, then does something, and looks how far the GPU is.</summary>
    private bool WorkBeforeIsDone(Action action)
    {
        using var scope = NewDisposeScope();
        Tensor factor = randn(8192, 8192, device: Device), product = empty_like(factor);
        action(); // kernels are loaded
        action(); // gradients are there and memory is taken
        product.addmm_(factor, factor, beta: 0);
        cuda.synchronize(Device);
        for (int i = 0; i < 30; i++)
        {
            product.addmm_(factor, factor, beta: 0);
        }
        using var workBefore = new CudaEvent();
        action();
        bool isDone = workBefore.IsReached;
        cuda.synchronize(Device);
        return isDone;
    }
}
