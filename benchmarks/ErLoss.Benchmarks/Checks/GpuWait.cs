using System.Diagnostics;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>Tells whether an action has the host wait for the GPU.</summary>
internal static class GpuWait
{
    private const double WorkSeconds = 0.5, MostRepetitions = 30; // of a product that takes a fast GPU some 20 ms

    /// <summary>Gives the GPU work of half a second on a fast one, then does something, and looks whether the GPU has done that work yet.</summary>
    /// <param name="device">The first GPU: the driver's events are those of the current device, which TorchSharp leaves as it is.</param>
    /// <param name="action">Waits for the GPU, or does not.</param>
    /// <exception cref="NotSupportedException">It is another GPU.</exception>
    public static bool HappensIn(Device device, Action action)
    {
        if (device.index > 0)
        {
            throw new NotSupportedException($"The driver's events are those of the current device, cuda:0, and this is {device}.");
        }
        using var scope = NewDisposeScope();
        Tensor factor = randn(8192, 8192, device: device), product = empty_like(factor);
        action(); // kernels are loaded
        action(); // gradients are there and memory is taken
        product.addmm_(factor, factor, beta: 0);
        cuda.synchronize(device);
        var watch = Stopwatch.StartNew();
        product.addmm_(factor, factor, beta: 0);
        cuda.synchronize(device);
        int repetitions = (int)Math.Clamp(WorkSeconds / watch.Elapsed.TotalSeconds, 1, MostRepetitions);
        for (int i = 0; i < repetitions; i++)
        {
            product.addmm_(factor, factor, beta: 0);
        }
        using var workBefore = new CudaEvent();
        action();
        bool isDone = workBefore.IsReached;
        cuda.synchronize(device);
        return isDone;
    }
}
