namespace ErLoss.Training.Checkpoints;

/// <summary>Requests from outside a run to save its state at once, while the run goes on: by a signal, which is for the whole process, or by the study that the run is a cell of.</summary>
internal static class SaveRequests
{
    private static int s_count;

    /// <summary>How many there have been.</summary>
    public static int Count => Volatile.Read(ref s_count);

    /// <summary>There is another one. Called on the thread that made it.</summary>
    public static event Action? Made;

    /// <summary>Makes one.</summary>
    public static void Make()
    {
        Interlocked.Increment(ref s_count);
        Made?.Invoke();
    }
}
