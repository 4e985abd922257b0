using System.Runtime.InteropServices;
using ErLoss.Training.Compute;

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
