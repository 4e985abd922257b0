using System.CommandLine;
using System.Globalization;
using ErLoss.Training;
using ErLoss.Training.Compute;
using ErLoss.Training.Studies;
using ErTraining.CommandLine;
using ErTraining.Commands;
using ErTraining.Libtorch;
using ErTraining.Ranks;
using ErTraining.Terminal;

namespace ErTraining;

/// <summary>The program from its arguments to its exit code.</summary>
public static class Harness
{
    /// <summary>Runs the command that the arguments name. Errors are one line on standard error.</summary>
    /// <param name="args">As the system hands them to the program.</param>
    /// <param name="registry">The encoders, methods and optimizers that the program knows.</param>
    /// <returns>The exit code; see <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, Registry registry)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(registry);
        SettleCulture();
        NativeDefaults.Apply();
        if (RankJob.IsLaunched)
        {
            PlainOutput.ForgetTerminal(); // some launchers give each process a terminal of its own, and pass on what is printed there
        }
        StandardStreams.OutliveThem();
        PlainOutput.UseWhereRedirected();
        return await CommandAsync(args, registry);
    }

    /// <summary>Writes and reads numbers in the same way everywhere, whatever the language of the machine: "0.5", not "0,5".</summary>
    internal static void SettleCulture()
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
    }

    /// <summary>As <see cref="RunAsync"/>, in a process that is not the program's own and keeps its surroundings.</summary>
    /// <param name="args">As of <see cref="RunAsync"/>.</param>
    /// <param name="registry">As of <see cref="RunAsync"/>.</param>
    /// <param name="cells">Runs the cells of a study; null for processes of their own.</param>
    internal static async Task<int> CommandAsync(string[] args, Registry registry, CellProcess.Runner? cells = null)
    {
        var job = new RankJob();
        Command study = StudyCommand.Create(registry, cells);
        var root = new RootCommand("Trains encoders on images without labels, with the entropy-reconstruction loss, and measures what they have learnt. Without a command it does the same as the command train; train --help lists the options.")
        {
            TrainCommand.Create(registry, job),
            EvaluateCommand.Create(registry, job),
            ExportCommand.Create(registry),
            EmbedCommand.Create(registry),
            SearchCommand.Create(registry),
            study,
            VerifyCommand.Create(),
            SynthesizeCommand.Create(),
            InfoCommand.Create(registry),
            SharedOptions.Libtorch,
        };

        // The word that names a command, if one does: --libtorch may stand before it.
        string? first = args switch
        {
            [LibtorchFolder.Option, _, .. var rest] => rest.FirstOrDefault(),
            [var word, .. var rest] when word.StartsWith($"{LibtorchFolder.Option}=", StringComparison.Ordinal) => rest.FirstOrDefault(),
            _ => args.FirstOrDefault(),
        };
        bool namesNoCommand = first is null || (first.StartsWith('-') && first is not ("-h" or "-?" or "--help" or "--version"));
        ParseResult parsed = root.Parse(namesNoCommand ? ["train", .. args] : args);
        Command command = parsed.CommandResult.Command;
        bool runsCommand = parsed.Action == command.Action, isShared = command.Options.Contains(SharedOptions.Mpi);
        string mpi = isShared ? parsed.GetValue(SharedOptions.Mpi)! : SharedOptions.MpiAuto;
        if (mpi == SharedOptions.MpiOff || command == study)
        {
            job.WorkAlone(); // several processes of a study share its cells, and train each on its own
        }
        job.Quieten();
        try
        {
            if (command == root && parsed.UnmatchedTokens is [var word, ..])
            {
                throw new UsageException($"'{word}' is not a command; the commands are {string.Join(", ", root.Subcommands.Select(command => command.Name))}.");
            }
            if (parsed.Errors is [var error, ..])
            {
                throw new UsageException(error.Message);
            }
            if (!job.IsFirst && !(isShared && runsCommand))
            {
                return ExitCode.Success; // one process does it
            }
            if (runsCommand && LibtorchContext.Run(parsed.GetValue(SharedOptions.Libtorch), args) is { } exitCode)
            {
                return exitCode;
            }

            if (isShared && runsCommand)
            {
                job.Join(isAsked: mpi == SharedOptions.MpiOn); // before signals are listened to: until all ranks are there, each of them just ends by one
            }
            using var signals = new Signals();
            ParentLink.Watch(signals.Interrupt);
            int result = await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, signals.Interrupted);
            if (!runsCommand)
            {
                StandardStreams.RequireOutput(); // of help, or of the version
            }
            return job.End(result);
        }
        catch (Exception e) when (e is RanksFailedException || ErrorLine.Of(e) is not null)
        {
            return job.Fail(e, othersJoin: isShared);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Interrupted; nothing was written.");
            return job.End(ExitCode.Interrupted);
        }
        catch (Exception e)
        {
            return job.Abort($"{e}", ExitCode.Failure); // a fault of the program's own: all of it, for a report
        }
    }
}
