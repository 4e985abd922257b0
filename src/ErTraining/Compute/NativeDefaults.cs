namespace ErTraining.Compute;

/// <summary>What a program asks of the C library and of OpenMP before libtorch loads.</summary>
internal static class NativeDefaults
{
    /// <summary>To be called first of all.</summary>
    public static void Apply()
    {
        // .NET copies the environment when it is first asked for all of it. From here on .NET's copy tells what the user set, and libtorch's what is set below.
        _ = Environment.GetEnvironmentVariables();
        FreedMemory.Keep();
        WaitingThreads.SleepSoon();
    }
}
