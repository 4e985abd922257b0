using System.Runtime.InteropServices;
using System.Text;

namespace ErLoss.Training.Compute;

/// <summary>Memory of CUDA devices and their names, from the driver itself: TorchSharp tells neither.</summary>
/// <remarks>
/// <para>
/// The driver's interface (libcuda.so.1, nvcuda.dll) numbers devices as CUDA and so TorchSharp does, with CUDA_VISIBLE_DEVICES taken into
/// account; its management library, NVML, does not.
/// </para>
/// <para>
/// Torch's caching allocator keeps what it once took from the driver. So in a process that never empties that cache, free memory before less
/// free memory after is the peak that the allocator reserved in between, rounded up to its segments (2 MiB or more), with what the driver took
/// for the first use of a kernel. Whatever other programs on the same device took or gave back in between counts too.
/// </para>
/// </remarks>
internal static class DeviceMemory
{
    private static readonly Lazy<Driver?> s_driver = new(Driver.TryLoad);

    /// <summary>Bytes free and bytes in all.</summary>
    /// <param name="index">The device's number: 0 for "cuda:0".</param>
    /// <returns>Null where there is no driver or no such device, or where a call of the driver fails.</returns>
    public static (long Free, long Total)? Read(int index)
    {
        if (s_driver.Value is not { } driver || driver.DeviceGet(out int device, index) != 0 || driver.PrimaryContextRetain(out nint context, device) != 0)
        {
            return null;
        }
        try
        {
            if (driver.ContextPush(context) != 0)
            {
                return null;
            }
            bool isRead = driver.MemoryGetInfo(out nuint free, out nuint total) == 0;
            driver.ContextPop(out _);
            return isRead ? ((long)free, (long)total) : null;
        }
        finally
        {
            driver.PrimaryContextRelease(device);
        }
    }

    /// <summary>What the maker calls a device: "NVIDIA H100 80GB HBM3".</summary>
    /// <param name="index">As in <see cref="Read"/>.</param>
    /// <returns>Null where <see cref="Read"/> gives null.</returns>
    public static string? Name(int index)
    {
        var name = new byte[256];
        return s_driver.Value is { } driver && driver.DeviceGet(out int device, index) == 0 && driver.DeviceGetName(name, name.Length, device) == 0
            ? Encoding.UTF8.GetString(name.AsSpan(0, Array.IndexOf(name, (byte)0)))
            : null;
    }

    /// <summary>The functions used, by their names in cuda.h.</summary>
    private sealed class Driver
    {
        public required DeviceGetFunction DeviceGet { get; init; }

        public required DeviceGetNameFunction DeviceGetName { get; init; }

        public required PrimaryContextRetainFunction PrimaryContextRetain { get; init; }

        public required PrimaryContextReleaseFunction PrimaryContextRelease { get; init; }

        public required ContextPushFunction ContextPush { get; init; }

        public required ContextPopFunction ContextPop { get; init; }

        public required MemoryGetInfoFunction MemoryGetInfo { get; init; }

        public delegate int InitFunction(uint flags);

        public delegate int DeviceGetFunction(out int device, int ordinal);

        public delegate int DeviceGetNameFunction([Out] byte[] name, int length, int device);

        public delegate int PrimaryContextRetainFunction(out nint context, int device);

        public delegate int PrimaryContextReleaseFunction(int device);

        public delegate int ContextPushFunction(nint context);

        public delegate int ContextPopFunction(out nint context);

        public delegate int MemoryGetInfoFunction(out nuint free, out nuint total);

        /// <summary>The driver, ready for use; null where there is none, it is too old, or it does not start.</summary>
        public static Driver? TryLoad()
        {
            if (!NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out nint library))
            {
                return null;
            }
            try
            {
                return Function<InitFunction>("cuInit")(0) != 0 ? null : new Driver
                {
                    DeviceGet = Function<DeviceGetFunction>("cuDeviceGet"),
                    DeviceGetName = Function<DeviceGetNameFunction>("cuDeviceGetName"),
                    PrimaryContextRetain = Function<PrimaryContextRetainFunction>("cuDevicePrimaryCtxRetain"),
                    PrimaryContextRelease = Function<PrimaryContextReleaseFunction>("cuDevicePrimaryCtxRelease_v2"),
                    ContextPush = Function<ContextPushFunction>("cuCtxPushCurrent_v2"),
                    ContextPop = Function<ContextPopFunction>("cuCtxPopCurrent_v2"),
                    MemoryGetInfo = Function<MemoryGetInfoFunction>("cuMemGetInfo_v2"),
                };
            }
            catch (EntryPointNotFoundException)
            {
                return null;
            }

            T Function<T>(string name)
                where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(library, name));
        }
    }
}
