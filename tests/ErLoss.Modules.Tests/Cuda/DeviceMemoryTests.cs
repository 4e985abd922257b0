using System.Runtime.InteropServices;
using ErTraining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Cuda;

/// <summary>The driver's figures where there is one, and none elsewhere.</summary>
public class DeviceMemoryTests
{
    [Test]
    public void WithoutADriverThereIsNoFigureAndNoError()
    {
        if (NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out _))
        {
            Assert.Ignore("there is a CUDA driver here");
        }
        Assert.That((DeviceMemory.Read(0), DeviceMemory.Name(0)), Is.EqualTo(((ValueTuple<long, long>?)null, (string?)null)));
    }

    [Test]
    public void OfADeviceThatIsNotThereThereIsNone([Values(-1, 4096)] int index) =>
        Assert.That((DeviceMemory.Read(index), DeviceMemory.Name(index)), Is.EqualTo(((ValueTuple<long, long>?)null, (string?)null)));
}

/// <summary>What the fused form takes of a GPU's memory.</summary>
public class MemoryOnDeviceTests : CudaTests
{
    [Test]
    public void ATensorIsSeen()
    {
        RequireCuda();
        using Tensor wakesTheDevice = zeros(1, device: Device);
        (long free, long total) = DeviceMemory.Read(Device.index)!.Value;
        const long Bytes = 512L << 20;
        using Tensor large = empty(Bytes, dtype: ScalarType.Byte, device: Device);
        Assert.That(free - DeviceMemory.Read(Device.index)!.Value.Free, Is.GreaterThanOrEqualTo(Bytes));
        Assert.That(free, Is.LessThan(total));
        Assert.That(DeviceMemory.Name(Device.index), Is.Not.Empty);
    }

    [Test]
    public void OneHundredThousandRowsTakeLessThanFourGibibytes()
    {
        RequireCuda();
        Tensor rows = nn.functional.normalize(randn(131_072, 128), dim: 1).to(Device).requires_grad_();
        long before = DeviceMemory.Read(Device.index)!.Value.Free;
        Tensor entropy = EntropyReconstruction.entropy(rows, evaluation: Evaluation.Fused);
        entropy.backward();
        Assert.That(double.IsFinite(entropy.ToDouble()));
        Assert.That(before - DeviceMemory.Read(Device.index)!.Value.Free, Is.LessThan(4L << 30));
    }
}
