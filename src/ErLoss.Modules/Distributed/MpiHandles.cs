using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ErLoss.Modules.Distributed;

/// <summary>What stands for the communicator, types, operations and constants in a library. Handles of Open MPI are addresses of data that it exports; those of others are numbers.</summary>
internal sealed record MpiHandles(
    nint World, nint Float32, nint Float64, nint Int64, nint Unsigned8, nint Bytes, nint Sum, nint Max, nint Min, nint InPlace, int Serialized)
{
    // The integer types are the old ones, C's long long and unsigned char, because MS-MPI and MPICH number those of fixed width differently: the number of int64_t in MPICH is that of an unsigned type in MS-MPI.
    private static readonly MpiHandles s_mpich = new(
        0x44000000, 0x4c00040a, 0x4c00080b, 0x4c000809, 0x4c000102, 0x4c00010d, 0x58000003, 0x58000001, 0x58000002, InPlace: -1, Serialized: 2);

    private static readonly MpiHandles s_standard = new(0x101, 0x210, 0x214, 0x258, 0x241, 0x247, 0x21, 0x23, 0x22, InPlace: 1, Serialized: 2048);

    /// <summary>Those of a library that is loaded.</summary>
    public static MpiHandles Of(nint library)
    {
        // This comes first because Open MPI's library with the standard interface may be built on one that also exports the data.
        if (HasStandardInterface(library))
        {
            return s_standard;
        }
        return NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out nint world)
            ? new MpiHandles(
                world, Data("float"), Data("double"), Data("int64_t"), Data("uint8_t"), Data("byte"), Data("op_sum"), Data("op_max"), Data("op_min"), InPlace: 1, Serialized: 2)
            : s_mpich;

        nint Data(string name) => NativeLibrary.GetExport(library, $"ompi_mpi_{name}");
    }

    public nint TypeOf(ScalarType dtype) => dtype switch
    {
        ScalarType.Float32 => Float32,
        ScalarType.Float64 => Float64,
        ScalarType.Int64 => Int64,
        _ => Unsigned8,
    };

    public nint OperationOf(ReduceOp operation) => operation switch
    {
        ReduceOp.Sum => Sum,
        ReduceOp.Max => Max,
        _ => Min,
    };

    /// <summary>Whether it has the standard interface of MPI 5. A library of that version with an interface of its own says −1.</summary>
    private static unsafe bool HasStandardInterface(nint library)
    {
        int major = 0, minor = 0;
        return NativeLibrary.TryGetExport(library, "MPI_Abi_get_version", out nint version)
            && ((delegate* unmanaged<int*, int*, int>)version)(&major, &minor) == 0
            && major >= 1;
    }
}
