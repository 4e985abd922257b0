using System.Runtime.InteropServices;
using ErLoss.Training.Checkpoints;

namespace ErTraining.Terminal;

/// <summary>What signals ask of the program: to end after a checkpoint, or to save the state of its run and go on.</summary>
/// <remarks>
/// People end a run by SIGINT (Ctrl-C) and SIGHUP (they close the terminal); systems and schedulers by SIGTERM, SIGXCPU (a limit of processor time) and SIGUSR2. Slurm's warning,
/// <c>--signal=USR1@60</c>, asks for the state.
/// </remarks>
internal sealed class Signals : IDisposable
{
    private static volatile bool s_haveCome;

    private readonly CancellationTokenSource _interrupt = new(); // as long-lived as the process: who is told of it knows no earlier end
    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <summary>Listens from now on.</summary>
    public Signals()
    {
        List<PosixSignal> ending = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
        if (!OperatingSystem.IsWindows())
        {
            // .NET has no names for these, but takes the system's numbers.
            (int user1, int user2, int processorTime) = OperatingSystem.IsMacOS() ? (30, 31, 24) : (10, 12, 24);
            ending.AddRange([(PosixSignal)user2, (PosixSignal)processorTime]);
            _registrations.Add(PosixSignalRegistration.Create((PosixSignal)user1, Save));
        }
        _registrations.AddRange(ending.Select(signal => PosixSignalRegistration.Create(signal, End)));
    }

    /// <summary>Whether this process has been sent any signal that it listens to.</summary>
    public static bool HaveCome => s_haveCome;

    /// <summary>Cancelled when the program is to end.</summary>
    public CancellationToken Interrupted => _interrupt.Token;

    /// <summary>Has the program end as by a signal.</summary>
    public void Interrupt() => _interrupt.Cancel();

    /// <summary>Listens no more.</summary>
    public void Dispose() => _registrations.ForEach(registration => registration.Dispose());

    private static void Save(PosixSignalContext context)
    {
        context.Cancel = s_haveCome = true;
        SaveRequests.Make();
    }

    private void End(PosixSignalContext context)
    {
        s_haveCome = true;
        // A person's second Ctrl-C ends the program at once. Schedulers repeat their signals while the checkpoint is being written.
        context.Cancel = context.Signal != PosixSignal.SIGINT || !_interrupt.IsCancellationRequested;
        _interrupt.Cancel();
    }
}
