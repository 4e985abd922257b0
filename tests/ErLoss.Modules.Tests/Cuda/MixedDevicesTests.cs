using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Cuda;

/// <summary>Tensors on the CPU and on a GPU together are refused, by name, before native code sees them.</summary>
public class MixedDevicesTests(string device) : CudaTests(device)
{
    [Test]
    public void ProjectionsOnTwoDevicesAreRefused([Values] Support support, [Values] bool reversed)
    {
        RequireCuda();
        using var loss = new EntropyReconstructionLoss(support: support);
        Tensor first = ones(4, 3, device: reversed ? Device : CPU), second = ones(4, 3, device: reversed ? CPU : Device);
        Assert.That(
            () => loss.call(first, second),
            Throws.TypeOf<ArgumentException>().With.Property("ParamName").EqualTo("projection2").And.Message.Contains("cuda").And.Message.Contains("cpu"));
        Assert.That(() => EntropyReconstruction.reconstruction(first, second, support: support), Throws.TypeOf<ArgumentException>());
    }

    [Test]
    public void ALearntKappaLeftOnTheCpuIsRefused()
    {
        RequireCuda();
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { LearnKappa = true });
        Tensor rows = ones(4, 3, device: Device);
        Assert.That(() => loss.call(rows, rows), Throws.TypeOf<ArgumentException>().With.Message.Contains("log_kappa"));
    }
}
