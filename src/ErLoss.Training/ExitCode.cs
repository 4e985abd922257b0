namespace ErLoss.Training;

/// <summary>Exit codes of the program.</summary>
internal static class ExitCode
{
    /// <summary>All went well.</summary>
    public const int Success = 0;

    /// <summary>Anything that has no code of its own.</summary>
    public const int Failure = 1;

    /// <summary>Bad usage or bad input; a line on standard error says what.</summary>
    public const int BadInput = 2;

    /// <summary>The time that was given is over, and there is something to go on with: EX_TEMPFAIL of sysexits.h, "try again later".</summary>
    public const int TimeIsOver = 75;

    /// <summary>Interrupted, as shells number it (128 + SIGINT).</summary>
    public const int Interrupted = 130;
}
