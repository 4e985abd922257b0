namespace ErLoss.Training.Compute;

/// <summary>What a program asks of the C library and of OpenMP before libtorch loads.</summary>
internal static class NativeDefaults
{
    /// <summary>
    /// Whether TorchScript compiles kernels of its own for a GPU while it runs. The few lines of an optimizer gain nothing by it, and such a compilation fails on systems whose
    /// NVRTC is another than CUDA's.
    /// </summary>
    private const string ScriptFuser = "PYTORCH_TENSOREXPR";

    /// <summary>To be called first of all.</summary>
    public static void Apply()
    {
        // .NET copies the environment when it is first asked for all of it. After this call .NET's copy still shows what the user set, and native code sees what is set below.
        _ = Environment.GetEnvironmentVariables();
        FreedMemory.Keep();
        WaitingThreads.SleepSoon();
        if (Environment.GetEnvironmentVariable(ScriptFuser) is null)
        {
            CLibrary.SetEnvironment(ScriptFuser, "0");
        }
    }

    /// <summary>Gives child processes that do not call <see cref="Apply"/> themselves the same by their environment.</summary>
    public static void PassOn()
    {
        foreach ((string name, string value) in FreedMemory.Variables.Concat(WaitingThreads.Variables))
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }
}
