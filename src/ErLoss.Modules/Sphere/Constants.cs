using System.Collections.Concurrent;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Tensors of one number, for each type and device made once, since a GPU takes a launch for each new one. They stay the keeper's.</summary>
internal static class Constants
{
    private static readonly ConcurrentDictionary<(ScalarType, DeviceType, int), Tensor> s_least = new(), s_zeros = new();

    /// <summary>−∞, (1, 1).</summary>
    /// <param name="dtype">Of floating-point numbers.</param>
    /// <param name="device">Where.</param>
    public static Tensor Least(ScalarType dtype, Device device) =>
        s_least.GetOrAdd((dtype, device.type, device.index), _ => Lasting(() => full([1, 1], double.NegativeInfinity, dtype: dtype, device: device)));

    /// <summary>0, a scalar.</summary>
    /// <param name="dtype">Of floating-point numbers.</param>
    /// <param name="device">Where.</param>
    public static Tensor Zero(ScalarType dtype, Device device) => s_zeros.GetOrAdd((dtype, device.type, device.index), _ => Lasting(() => zeros([], dtype: dtype, device: device)));

    private static Tensor Lasting(Func<Tensor> make)
    {
        using IDisposable mode = inference_mode(false); // or autograd could not keep it
        return make().DetachFromDisposeScope();
    }
}
