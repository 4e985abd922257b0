namespace ErTraining.Compute;

/// <summary>What a program asks of the C library and of OpenMP before libtorch loads.</summary>
internal static class NativeDefaults
{
    /// <summary>To be called first of all.</summary>
    public static void Apply()
    {
        // .NET copies the environment when it is first asked for all of it. After this call .NET's copy still shows what the user set, and native code sees what is set below.
        _ = Environment.GetEnvironmentVariables();
        FreedMemory.Keep();
        WaitingThreads.SleepSoon();
    }

    /// <summary>Gives child processes that do not call <see cref="Apply"/> themselves the same by their environment.</summary>
    public static void PassOn()
    {
        foreach ((string name, string value) in FreedMemory.Variables)
        {
            Environment.SetEnvironmentVariable(name, value);
        }
        if (WaitingThreads.Variable is { } variable)
        {
            Environment.SetEnvironmentVariable(variable.Name, variable.Value);
        }
    }
}
