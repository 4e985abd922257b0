using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace ErLoss.Modules.Distributed;

/// <summary>
/// All processes that <c>mpirun</c> or Slurm's <c>srun</c> has started together, through the machine's MPI library: Open MPI, MPICH, or one with MPICH's interface (Intel MPI, MVAPICH, MS-MPI) or the
/// standard interface of MPI 5.
/// </summary>
/// <remarks>
/// <para>
/// MPI starts with <see cref="Initialize"/> and ends with the process. It is finalised if the process ends with the exit code 0. A process that ends otherwise leaves MPI as it is, so that the
/// launcher ends the other ranks, which would wait for it. An error of MPI itself ends all ranks.
/// </para>
/// <para>
/// Any thread may call collectives. One runs at a time. Where other code of the process has started MPI before, it also ends it, and it must have asked for threads (<c>MPI_THREAD_SERIALIZED</c>) if
/// several call.
/// </para>
/// </remarks>
/// <example>
/// <code>
/// var group = MpiProcessGroup.Initialize(); // in a program that mpirun starts
/// var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Group = group });
/// </code>
/// </example>
public sealed class MpiProcessGroup : ProcessGroup
{
    /// <summary>Name of the environment variable that names the MPI library, as a file or by the name that the system finds it by: <c>ERLOSS_MPI_LIBRARY</c>.</summary>
    public const string LibraryVariable = "ERLOSS_MPI_LIBRARY";

    private static readonly object s_gate = new();
    private static MpiProcessGroup? s_world;

    private readonly MpiLibrary _mpi;

    private MpiProcessGroup(MpiLibrary mpi)
    {
        _mpi = mpi;
        Rank = mpi.Rank();
        Size = mpi.Size();
    }

    /// <inheritdoc/>
    public override int Rank { get; }

    /// <inheritdoc/>
    public override int Size { get; }

    /// <summary>Which MPI library it is, in the library's own words.</summary>
    public string Library => _mpi.Version;

    /// <summary>
    /// How many processes <c>mpirun</c>, <c>srun</c> or torchrun has started together, this one included, as their environment variables say before MPI is started; null where they say nothing. A program that
    /// is started both with and without them calls <see cref="Initialize"/> if the number is above one.
    /// </summary>
    public static int? LaunchedSize => MpiLauncher.Size;

    /// <summary>
    /// Which of these processes this is, by the same variables: the rank that <see cref="Initialize"/> gives it. A launcher that sets only the variables of PMIx says this, and not how many there are.
    /// </summary>
    public static int? LaunchedRank => MpiLauncher.Rank;

    /// <summary>How many bytes go in one call of MPI.</summary>
    internal long Piece
    {
        get => _mpi.Piece;
        set => _mpi.Piece = value;
    }

    /// <summary>Starts MPI, once in a process: later calls return the same group.</summary>
    /// <param name="library">
    /// The MPI library, as a file or by its name. By default it is the one that <see cref="LibraryVariable"/> names, and without that the first one found of those that the launcher suggests.
    /// </param>
    /// <exception cref="InvalidOperationException">
    /// No MPI library was found, the library is not one of MPI, the launcher belongs to another MPI, so that each process would be alone, or MPI has ended in this process. The message says what to do.
    /// </exception>
    public static MpiProcessGroup Initialize(string? library = null)
    {
        lock (s_gate)
        {
            if (s_world is not null)
            {
                return s_world;
            }
            MpiLibrary mpi = MpiLibrary.Load(library);
            bool isOurs = mpi.Initialize();
            if (isOurs && mpi.Size() == 1 && MpiLauncher.Complaint(mpi.Version) is { } complaint)
            {
                mpi.Complete();
                throw new InvalidOperationException(complaint);
            }
            if (isOurs)
            {
                AppDomain.CurrentDomain.ProcessExit += (_, _) =>
                {
                    if (Environment.ExitCode == 0)
                    {
                        mpi.Complete();
                    }
                };
            }
            return s_world = new MpiProcessGroup(mpi);
        }
    }

    /// <summary>The name and version of the MPI library that <see cref="Initialize"/> would use, in the library's own words; MPI is not started.</summary>
    /// <param name="library">As of <see cref="Initialize"/>.</param>
    /// <exception cref="InvalidOperationException">No MPI library was found, or the library is not one of MPI.</exception>
    public static string Describe(string? library = null)
    {
        lock (s_gate)
        {
            return s_world?.Library ?? MpiLibrary.Load(library).Version;
        }
    }

    /// <summary>Ends all ranks at once, this one included: for an error after which this rank cannot take part any more.</summary>
    /// <param name="exitCode">What the processes' exit code shall be; not zero.</param>
    [DoesNotReturn]
    public void Abort(int exitCode)
    {
        _mpi.Abort(exitCode);
        Environment.Exit(exitCode);
    }

    /// <summary>
    /// Ends MPI before the process ends, and returns when all ranks have called it; the group cannot be used any more. With it all ranks of a job can end well although the job has another exit code than 0: rank 0
    /// alone has that code, and is the last to end. Otherwise some launchers kill the ranks that are left, and give the number of that signal as the job's code.
    /// </summary>
    public void Complete() => _mpi.Complete();

    /// <inheritdoc/>
    public override void Barrier() => _mpi.Barrier();

    /// <inheritdoc/>
    protected override void AllGatherOnHost(Tensor rows, Tensor all, IReadOnlyList<long> rowCounts)
    {
        long bytesPerRow = all.numel() / all.shape[0] * all.element_size();
        _mpi.AllGather(rows.numel() == 0 ? 0 : TensorAddress.Of(rows), TensorAddress.Of(all), [.. rowCounts.Select(count => count * bytesPerRow)]);
        GC.KeepAlive(rows);
        GC.KeepAlive(all);
    }

    /// <inheritdoc/>
    protected override void AllReduceOnHost(Tensor tensor, ReduceOp operation)
    {
        _mpi.AllReduce(TensorAddress.Of(tensor), tensor.numel(), tensor.dtype, operation);
        GC.KeepAlive(tensor);
    }

    /// <inheritdoc/>
    protected override void BroadcastOnHost(Tensor tensor, int root)
    {
        _mpi.Broadcast(TensorAddress.Of(tensor), tensor.numel() * tensor.element_size(), root);
        GC.KeepAlive(tensor);
    }
}
