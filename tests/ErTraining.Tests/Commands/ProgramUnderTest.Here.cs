using System.Text;
using ErLoss.Training;
using ErLoss.Training.Studies;
using ErTraining.Terminal;
using Spectre.Console;
using TorchSharp;

namespace ErTraining.Tests.Commands;

/// <content>The program within this process, which saves the second of a processor that a process of its own takes to start and to compile its code: for what does not depend on having one.</content>
internal static partial class ProgramUnderTest
{
    private static readonly Lock s_here = new();

    private static readonly SemaphoreSlim s_cell = new(1);

    private static readonly AsyncLocal<TextWriter?> s_cellOutput = new(), s_cellError = new();

    /// <summary>
    /// Keeps others from running the program within this process: output, current directory, libtorch's threads and its generator of random numbers belong to all of the process. Tests that
    /// use these otherwise hold it, too, if they run beside other tests.
    /// </summary>
    public static Lock.Scope Alone() => s_here.EnterScope();

    /// <summary>Runs it to its end in the given folder within this process, one run after another. It writes as into a pipe.</summary>
    public static Outcome RunHere(string folder, params string[] arguments) => RunHere(folder, Registry.Default, arguments);

    /// <summary>As <see cref="RunHere(string, string[])"/>, with other encoders.</summary>
    public static Outcome RunHere(string folder, Registry registry, string[] arguments) => RunHere(folder, () => Harness.CommandAsync(arguments, registry).GetAwaiter().GetResult());

    /// <summary>As <see cref="RunHere(string, string[])"/>, for a study whose cells run within this process, too, one after another.</summary>
    public static Outcome RunStudyHere(string folder, params string[] arguments) =>
        RunHere(folder, () => Harness.CommandAsync(arguments, Registry.Default, RunCellHereAsync).GetAwaiter().GetResult());

    /// <summary>As <see cref="RunHere(string, string[])"/>, for any program: what gives its exit code.</summary>
    public static Outcome RunHere(string folder, Func<int> program)
    {
        using Lock.Scope alone = Alone();
        (TextWriter output, TextWriter error, string directory, int threads) = (Console.Out, Console.Error, Environment.CurrentDirectory, torch.get_num_threads());
        IAnsiConsole console = AnsiConsole.Console;
        using StringWriter written = new(), complained = new();
        Console.SetOut(new WriterOfCells(s_cellOutput, written));
        Console.SetError(new WriterOfCells(s_cellError, complained));
        PlainOutput.Use();
        Environment.CurrentDirectory = folder;
        try
        {
            int exitCode = program();
            return new Outcome(exitCode, written.ToString(), complained.ToString());
        }
        finally
        {
            Environment.CurrentDirectory = directory;
            AnsiConsole.Console = console;
            Console.SetOut(output);
            Console.SetError(error);
            torch.set_num_threads(threads);
        }
    }

    private static async Task<CellProcess.Ending> RunCellHereAsync(IEnumerable<string> arguments, CancellationToken cancellation)
    {
        await s_cell.WaitAsync(cancellation);
        try
        {
            using var complained = new StringWriter();
            (s_cellOutput.Value, s_cellError.Value) = (TextWriter.Null, complained); // in this method and what it calls
            int exitCode = await Harness.CommandAsync([.. arguments], Registry.Default);
            return new CellProcess.Ending(exitCode, complained.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault(""));
        }
        finally
        {
            s_cell.Release();
        }
    }

    /// <summary>Writes what a cell writes elsewhere than what the study writes.</summary>
    private sealed class WriterOfCells(AsyncLocal<TextWriter?> ofCell, TextWriter ofStudy) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => (ofCell.Value ?? ofStudy).Write(value);

        public override void Write(char[] buffer, int index, int count) => (ofCell.Value ?? ofStudy).Write(buffer, index, count);

        public override void Write(string? value) => (ofCell.Value ?? ofStudy).Write(value);
    }
}
