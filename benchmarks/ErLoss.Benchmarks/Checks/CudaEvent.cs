using System.Runtime.InteropServices;

namespace ErLoss.Benchmarks;

/// <summary>A mark in the work that torch has given a GPU so far (the driver's cuEvent, on the default stream).</summary>
internal sealed class CudaEvent : IDisposable
{
    private const int NotReady = 600;

    private readonly nint _library = NativeLibrary.Load(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1");
    private readonly nint _handle;

    /// <summary>Sets the mark. The thread has used torch on the GPU before.</summary>
    public CudaEvent()
    {
        Check(Function<CreateFunction>("cuEventCreate")(out _handle, 0));
        Check(Function<RecordFunction>("cuEventRecord")(_handle, 0));
    }

    private delegate int CreateFunction(out nint handle, uint flags);

    private delegate int RecordFunction(nint handle, nint stream);

    private delegate int HandleFunction(nint handle);

    /// <summary>Whether the GPU has come as far as the mark. It does not wait.</summary>
    public bool IsReached
    {
        get
        {
            int result = Function<HandleFunction>("cuEventQuery")(_handle);
            if (result != NotReady)
            {
                Check(result);
            }
            return result != NotReady;
        }
    }

    public void Dispose() => Check(Function<HandleFunction>("cuEventDestroy_v2")(_handle));

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw new InvalidOperationException($"The CUDA driver answers with error {result}.");
        }
    }

    private T Function<T>(string name)
        where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(_library, name));
}
