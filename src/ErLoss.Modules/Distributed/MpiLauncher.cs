namespace ErLoss.Modules.Distributed;

/// <summary>What the environment says of the program that started this process.</summary>
internal static class MpiLauncher
{
    private const string OpenMpiSize = "OMPI_COMM_WORLD_SIZE", HydraSize = "PMI_SIZE", SlurmSize = "SLURM_STEP_NUM_TASKS", TorchrunSize = "WORLD_SIZE";

    private const string PmixRank = "PMIX_RANK", TorchrunId = "TORCHELASTIC_RUN_ID";

    private static readonly (string Size, string Rank)[] s_worlds =
        [(OpenMpiSize, "OMPI_COMM_WORLD_RANK"), (HydraSize, "PMI_RANK"), (SlurmSize, "SLURM_PROCID"), (TorchrunSize, "RANK")];

    /// <summary>How many processes were started together; null if no launcher says it.</summary>
    public static int? Size => Number(World?.Size);

    /// <summary>Which of them this is; null if no launcher says it.</summary>
    public static int? Rank => Number(World?.Rank ?? PmixRank);

    // Other programs than torchrun set WORLD_SIZE, too.
    private static (string Size, string Rank)? World => s_worlds
        .Where(world => Number(world.Size) is not null && (world.Size != TorchrunSize || Environment.GetEnvironmentVariable(TorchrunId) is not null))
        .Select(world => ((string, string)?)world)
        .FirstOrDefault();

    /// <summary>Names that MPI libraries have on this system, those that the launcher suggests first.</summary>
    public static IReadOnlyList<string> Libraries()
    {
        bool isOfMpich = Number(OpenMpiSize) is null && Number(HydraSize) is not null;
        string[] openMpi = OfOpenMpi(), mpich = OfMpich(), names = isOfMpich ? [.. mpich, .. openMpi] : [.. openMpi, .. mpich];
        return OperatingSystem.IsWindows() ? mpich
            : OperatingSystem.IsMacOS() ? [.. names, "libmpi.dylib", .. names.Select(name => $"/opt/homebrew/lib/{name}")] // where macOS does not look by itself
            : [.. names, "libmpi.so"];
    }

    private static string[] OfOpenMpi() => OperatingSystem.IsMacOS() ? ["libmpi.40.dylib"] : ["libmpi.so.40"];

    /// <summary>Those of MPICH and of libraries with its interface.</summary>
    private static string[] OfMpich() => OperatingSystem.IsWindows() ? ["msmpi.dll", "impi.dll"]
        : OperatingSystem.IsMacOS() ? ["libmpi.12.dylib", "libmpi_abi.0.dylib"]
        : ["libmpich.so.12", "libmpi.so.12", "libmpi_abi.so.0"];

    /// <summary>What to tell a process that MPI calls the only one, although it was started with others; null where that is as it should be.</summary>
    /// <param name="library">The MPI library's version.</param>
    public static string? Complaint(string library)
    {
        if (Number(OpenMpiSize) is > 1 and int byOpenMpi)
        {
            return $"The mpirun of Open MPI has started {byOpenMpi} processes, but {library} does not know its launcher, so that each would be alone. {Advice(OpenMpiSize)}";
        }
        if (Number(HydraSize) is > 1 and int byHydra)
        {
            return $"The mpirun of MPICH (or one like it) has started {byHydra} processes, but {library} does not know its launcher, so that each would be alone. {Advice(HydraSize)}";
        }
        if (Number(SlurmSize) is > 1 and int bySlurm)
        {
            return $"srun has started {bySlurm} processes, but {library} cannot reach the others through it, so that each would be alone. Use srun --mpi=pmix (srun --mpi=list says what there is), or mpirun within the allocation.";
        }
        return Number(TorchrunSize) is > 1 and int byTorchrun
            ? $"{TorchrunSize} says that there are {byTorchrun} processes, as torchrun sets it, but its variables cannot start MPI, so that each would be alone. Start the program with mpirun or srun."
            : null;
    }

    private static string Advice(string variable) =>
        $"Start with the mpirun of that library, or name the launcher's library in {MpiProcessGroup.LibraryVariable} ({(variable == OpenMpiSize ? OfOpenMpi() : OfMpich())[0]}).";

    private static int? Number(string? variable) => variable is not null && int.TryParse(Environment.GetEnvironmentVariable(variable), out int number) ? number : null;
}
