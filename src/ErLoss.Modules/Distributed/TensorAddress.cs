using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ErLoss.Modules.Distributed;

/// <summary>Where tensors are in the host's memory.</summary>
internal static class TensorAddress
{
    /// <summary>The address of the first number of a contiguous tensor on the CPU that is not empty.</summary>
    public static unsafe nint Of(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        // Of one number: a span cannot hold more than 2 GiB.
        fixed (byte* address = &MemoryMarshal.GetReference(tensor.view(-1).narrow(0, 0, 1).bytes))
        {
            return (nint)address; // native memory, which does not move
        }
    }
}
