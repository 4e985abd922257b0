namespace ErLoss.Training.Compute;

/// <summary>What becomes of memory that libtorch frees: kept by the process for the next tensors, or given back to the system.</summary>
/// <remarks>
/// glibc gives every large block back as soon as it is freed, so that each step of training has the system hand out, and clear, the same
/// memory page by page again. musl, macOS and Windows have no such setting.
/// </remarks>
internal static class FreedMemory
{
    /// <summary>What the process may hold beyond its live tensors: the steps of a large batch, and .NET itself.</summary>
    private const long MostUnusedBytes = 1L << 30;

    /// <summary>The size from which on blocks come from the system and go back to it. glibc before 2.35 takes no more than 32 MiB.</summary>
    private static readonly int[] s_largestKept = [1 << 30, 32 << 20];

    // mallopt's parameters as malloc.h numbers them, and the environment variables that glibc reads them from.
    private static readonly (int Parameter, string Variable, int Value)[] s_parameters =
    [
        (-1, "MALLOC_TRIM_THRESHOLD_", int.MaxValue), // what may stay free at the top of the heap
        (-2, "MALLOC_TOP_PAD_", 64 << 20),            // by how much the heap grows at a time
    ];

    private const int Threshold = -3;
    private const string ThresholdVariable = "MALLOC_MMAP_THRESHOLD_";

    private static readonly string[] s_variables = [ThresholdVariable, .. s_parameters.Select(parameter => parameter.Variable), "MALLOC_MMAP_MAX_"];

    private static int s_threshold;

    private const string Kept = "kept for the next tensors (mallopt)";

    private static readonly string[] s_tunables =
        ["glibc.malloc.mmap_threshold", "glibc.malloc.trim_threshold", "glibc.malloc.top_pad", "glibc.malloc.mmap_max"];

    /// <summary>What holds in this process, for people.</summary>
    public static string Description { get; private set; } = "as the system's allocator has it";

    /// <summary>Makes the allocator keep freed memory, where glibc is the C library and the user has not said otherwise. To be called before libtorch allocates.</summary>
    public static void Keep()
    {
        if (!CLibrary.IsGlibc)
        {
            return;
        }
        if (UsersOwn() is { } variable)
        {
            Description = $"as the environment variable {variable} says";
        }
        else
        {
            // The others alone would be worse than none: with any of them set, glibc no longer raises the threshold from 128 KiB by itself.
            s_threshold = Array.Find(s_largestKept, size => CLibrary.SetAllocatorParameter(Threshold, size));
            if (s_threshold > 0 && Array.TrueForAll(s_parameters, parameter => CLibrary.SetAllocatorParameter(parameter.Parameter, parameter.Value)))
            {
                Description = Kept;
            }
        }
    }

    /// <summary>
    /// Gives kept memory back where it has become more than <see cref="MostUnusedBytes"/>. Blocks of changing sizes leave gaps between them, which add up over
    /// hours; to be called where sizes change, as between training and evaluation.
    /// </summary>
    public static void Bound()
    {
        if (Description == Kept && !(Environment.WorkingSet - CLibrary.AllocatedBytes() <= MostUnusedBytes))
        {
            CLibrary.ReleaseFreeMemory();
        }
    }

    /// <summary>Environment variables with the same effect for a process that does not call <see cref="Keep"/>; none if this process keeps no memory.</summary>
    public static IEnumerable<(string Name, string Value)> Variables =>
        Description != Kept ? [] : [(ThresholdVariable, $"{s_threshold}"), .. from parameter in s_parameters select (parameter.Variable, $"{parameter.Value}")];

    private static string? UsersOwn() =>
        Array.Find(s_variables, IsSet)
        ?? (s_tunables.Any($"{Environment.GetEnvironmentVariable("GLIBC_TUNABLES")}".Contains) ? "GLIBC_TUNABLES" : null);

    private static bool IsSet(string variable) => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable));
}
