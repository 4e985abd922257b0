using System.Runtime.InteropServices;
using System.Text;
using static TorchSharp.torch;

namespace ErLoss.Modules.Distributed;

/// <summary>The functions of an MPI library that collectives need. One call runs at a time.</summary>
/// <remarks>Handles are passed as words of the machine: a library whose handles are 32-bit numbers reads the low half.</remarks>
internal sealed unsafe class MpiLibrary
{
    // Counts of MPI are 32-bit numbers, and libraries have had errors where the bytes are none.
    private const long MostBytesOfCall = 1L << 30;

    private const int VersionLength = 8192; // the longest that a library returns

    private readonly object _gate = new();
    private readonly nint _library;
    private readonly MpiHandles _handles;
    private readonly delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, int> _allGather;
    private readonly delegate* unmanaged<void*, void*, int, nint, nint, nint, int> _allReduce;
    private readonly delegate* unmanaged<void*, int, nint, int, nint, int> _broadcast;
    private readonly delegate* unmanaged<nint, int> _barrier;

    private MpiLibrary(nint library)
    {
        _library = library;
        _handles = MpiHandles.Of(library);
        _allGather = (delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, int>)Function("MPI_Allgatherv");
        _allReduce = (delegate* unmanaged<void*, void*, int, nint, nint, nint, int>)Function("MPI_Allreduce");
        _broadcast = (delegate* unmanaged<void*, int, nint, int, nint, int>)Function("MPI_Bcast");
        _barrier = (delegate* unmanaged<nint, int>)Function("MPI_Barrier");
        Version = ReadVersion();
    }

    /// <summary>Name and version: the first line of the library's own words, and of that what stands before a comma.</summary>
    public string Version { get; }

    /// <summary>Bytes of one call of MPI; more go in pieces, of one number at least.</summary>
    internal long Piece { get; set; } = MostBytesOfCall;

    /// <summary>Loads a library; MPI is not started.</summary>
    /// <param name="name">The one wanted; null for the first that is found.</param>
    public static MpiLibrary Load(string? name)
    {
        string? named = name ?? Environment.GetEnvironmentVariable(MpiProcessGroup.LibraryVariable);
        IReadOnlyList<string> names = string.IsNullOrEmpty(named) ? MpiLauncher.Libraries() : [named];
        // UCX, which MPICH may use, takes the signals that .NET makes its exceptions of.
        CLibrary.SetEnvironmentDefault("UCX_ERROR_SIGNALS", "");
        // So do the libraries of InfiniPath and Omni-Path, as soon as they are loaded. Open MPI sets these by itself.
        CLibrary.SetEnvironmentDefault("IPATH_NO_BACKTRACE", "1");
        CLibrary.SetEnvironmentDefault("HFI_NO_BACKTRACE", "1");
        string? reason = null;
        foreach (string candidate in names)
        {
            if (CLibrary.TryLoadGlobally(candidate, out nint library, out reason))
            {
                return NativeLibrary.TryGetExport(library, "MPI_Init_thread", out _)
                    ? new MpiLibrary(library)
                    : throw new InvalidOperationException($"The library {candidate} is no MPI library: it has no MPI_Init_thread. Name one in {MpiProcessGroup.LibraryVariable}.");
            }
        }
        throw new InvalidOperationException(string.IsNullOrEmpty(named)
            ? $"No MPI library was found; looked for {string.Join(", ", names)}. Install one (on Debian and Ubuntu the package openmpi-bin or mpich), or name it in {MpiProcessGroup.LibraryVariable}."
            : $"The MPI library {named} cannot be loaded. Give its whole path, or leave {MpiProcessGroup.LibraryVariable} out to use what is installed.{(reason is null ? "" : $" The system says: {reason}")}");
    }

    /// <summary>Starts MPI; false where somebody else in this process has.</summary>
    public bool Initialize()
    {
        int isInitialized = 0, provided = 0;
        if (IsFinalized())
        {
            throw new InvalidOperationException("MPI has ended in this process, and no process can start it twice.");
        }
        Check(((delegate* unmanaged<int*, int>)Function("MPI_Initialized"))(&isInitialized), "MPI_Initialized");
        if (isInitialized != 0)
        {
            return false;
        }
        Check(((delegate* unmanaged<void*, void*, int, int*, int>)Function("MPI_Init_thread"))(null, null, _handles.Serialized, &provided), "MPI_Init_thread");
        if (provided < _handles.Serialized)
        {
            Complete();
            throw new InvalidOperationException($"{Version} was built without threads, so that only one thread could call it. Use a library with MPI_THREAD_SERIALIZED.");
        }
        return true;
    }

    /// <summary>Ends MPI, unless somebody else has. It returns when all ranks have called it.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            if (!IsFinalized())
            {
                Check(((delegate* unmanaged<int>)Function("MPI_Finalize"))(), "MPI_Finalize");
            }
        }
    }

    public int Rank() => Ask("MPI_Comm_rank");

    public int Size() => Ask("MPI_Comm_size");

    public void Abort(int exitCode) => _ = ((delegate* unmanaged<nint, int, int>)Function("MPI_Abort"))(_handles.World, exitCode);

    public void Barrier()
    {
        lock (_gate)
        {
            Check(_barrier(_handles.World), "MPI_Barrier");
        }
    }

    /// <summary>The bytes of all ranks, one rank's after the other's.</summary>
    public void AllGather(nint own, nint all, long[] byteCounts)
    {
        if (byteCounts.Sum() > Piece)
        {
            GatherPieces(own, all, byteCounts);
            return;
        }
        int[] counts = [.. byteCounts.Select(count => (int)count)], places = new int[counts.Length];
        for (int i = 1; i < places.Length; i++)
        {
            places[i] = places[i - 1] + counts[i - 1];
        }
        lock (_gate)
        {
            fixed (int* countsAt = counts, placesAt = places)
            {
                Check(_allGather((void*)own, counts[Rank()], _handles.Bytes, (void*)all, countsAt, placesAt, _handles.Bytes, _handles.World), "MPI_Allgatherv");
            }
        }
    }

    public void AllReduce(nint numbers, long count, ScalarType dtype, ReduceOp operation)
    {
        int size = dtype is ScalarType.Byte ? 1 : dtype is ScalarType.Float32 ? 4 : 8;
        lock (_gate)
        {
            for (long most = Math.Max(1, Piece / size), done = 0; done < count; done += most)
            {
                int piece = (int)Math.Min(most, count - done);
                Check(_allReduce((void*)_handles.InPlace, (void*)(numbers + (nint)(done * size)), piece, _handles.TypeOf(dtype), _handles.OperationOf(operation), _handles.World), "MPI_Allreduce");
            }
        }
    }

    public void Broadcast(nint bytes, long count, int root)
    {
        lock (_gate)
        {
            for (long done = 0; done < count; done += Piece)
            {
                Check(_broadcast((void*)(bytes + (nint)done), (int)Math.Min(Piece, count - done), _handles.Bytes, root, _handles.World), "MPI_Bcast");
            }
        }
    }

    /// <summary>The same as <see cref="AllGather"/> where the whole is too much for one call: each rank's part is sent to all others.</summary>
    private void GatherPieces(nint own, nint all, long[] byteCounts)
    {
        int rank = Rank();
        nint place = all;
        for (int root = 0; root < byteCounts.Length; root++)
        {
            if (root == rank)
            {
                Buffer.MemoryCopy((void*)own, (void*)place, byteCounts[root], byteCounts[root]);
            }
            Broadcast(place, byteCounts[root], root);
            place += (nint)byteCounts[root];
        }
    }

    private bool IsFinalized()
    {
        int isFinalized = 0;
        Check(((delegate* unmanaged<int*, int>)Function("MPI_Finalized"))(&isFinalized), "MPI_Finalized");
        return isFinalized != 0;
    }

    private int Ask(string function)
    {
        int answer = 0;
        Check(((delegate* unmanaged<nint, int*, int>)Function(function))(_handles.World, &answer), function);
        return answer;
    }

    private string ReadVersion()
    {
        byte* text = stackalloc byte[VersionLength];
        int length = 0;
        Check(((delegate* unmanaged<byte*, int*, int>)Function("MPI_Get_library_version"))(text, &length), "MPI_Get_library_version");
        string all = Encoding.UTF8.GetString(text, Math.Clamp(length, 0, VersionLength)).TrimEnd('\0');
        return string.Join(' ', all.Split('\n')[0].Split(',')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(word => word != "Version:"));
    }

    private nint Function(string name) => NativeLibrary.TryGetExport(_library, name, out nint address)
        ? address
        : throw new InvalidOperationException($"The MPI library has no {name}. A library of MPI 3 or later is wanted; name one in {MpiProcessGroup.LibraryVariable}.");

    private static void Check(int code, string function)
    {
        if (code != 0)
        {
            throw new InvalidOperationException($"{function} has failed with MPI's error code {code}.");
        }
    }
}
