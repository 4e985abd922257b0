namespace ErTraining.Compute;

/// <summary>What becomes of memory that libtorch frees: kept by the process for the next tensors, or given back to the system.</summary>
/// <remarks>
/// glibc gives every large block back as soon as it is freed, so that each step of training has the system hand out, and clear, the same
/// memory page by page again. musl, macOS and Windows have no such setting.
/// </remarks>
internal static class FreedMemory
{
    // mallopt's names in malloc.h, and values that keep whatever is smaller than a gibibyte.
    private static readonly (int Parameter, int Value)[] s_parameters =
    [
        (-3, 1 << 30),      // M_MMAP_THRESHOLD: larger blocks still come from the system and go back to it
        (-1, int.MaxValue), // M_TRIM_THRESHOLD: what may stay free at the top of the heap
        (-2, 64 << 20),     // M_TOP_PAD: by how much the heap grows at a time
    ];

    private static readonly string[] s_variables =
        ["MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "MALLOC_MMAP_MAX_"];

    private static readonly string[] s_tunables =
        ["glibc.malloc.mmap_threshold", "glibc.malloc.trim_threshold", "glibc.malloc.top_pad", "glibc.malloc.mmap_max"];

    /// <summary>What holds in this process, for people.</summary>
    public static string Description { get; private set; } = "as the system's allocator has it";

    /// <summary>Has freed memory kept, where glibc is the C library and the user has not said otherwise. To be called before libtorch allocates.</summary>
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
        else if (Array.TrueForAll(s_parameters, parameter => CLibrary.SetAllocatorParameter(parameter.Parameter, parameter.Value)))
        {
            Description = "kept for the next tensors (mallopt)";
        }
    }

    private static string? UsersOwn() =>
        Array.Find(s_variables, IsSet)
        ?? (s_tunables.Any($"{Environment.GetEnvironmentVariable("GLIBC_TUNABLES")}".Contains) ? "GLIBC_TUNABLES" : null);

    private static bool IsSet(string variable) => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable));
}
