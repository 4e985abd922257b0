using System.CommandLine;
using ErLoss.Training;
using ErLoss.Training.Runs;
using ErTraining.CommandLine;
using Spectre.Console;

namespace ErTraining.Commands;

/// <summary>The settings of a run that <c>train --resume</c> continues.</summary>
internal static class ResumedSettings
{
    /// <summary>
    /// The settings of the run to continue: those of its config.json; where its images are, where to compute and how many epochs it has, as the command line has it.
    /// </summary>
    /// <exception cref="UsageException">The command line asks for another run.</exception>
    public static RunSettings Of(Registry registry, SettingOptions options, RunReader run, RunSettings began, ParseResult parsed, CancellationToken cancellation = default)
    {
        RunSettings asked = options.HasConfig(parsed)
            ? options.Fresh(parsed, cancellation) with { Restarts = began.Restarts, Version = began.Version }
            : options.InWords(parsed, () => registry.Document.With(began, options.Given(parsed)));
        return registry.Document.Difference(began with { Epochs = asked.Epochs }, asked) is not { } other
            ? asked
            : throw new UsageException(
                $"{run.ConfigPath}: the run has {other.Word} {other.First}, not {other.Second}; leave that option out to continue the run, or give another --output.");
    }

    /// <summary>The settings of a run that is given another number of epochs than it began with.</summary>
    /// <exception cref="UsageException">It has that many behind it already.</exception>
    public static RunSettings WithOtherEpochs(RunSettings began, RunSettings asked, string output, TrainingState? state)
    {
        int done = state?.Position.Epochs.Count ?? 0;
        long steps = state?.Position.StepsDone ?? 0;
        bool hasNewOptimizer = state is { Position.StepsDone: > 0, Optimizer.Count: 0 };
        if (asked.Epochs <= done)
        {
            throw new UsageException($"--epochs is {asked.Epochs}, but the run in {output} has done {Quantity.Of(done, "epoch")}; give a number above {done}, or leave --epochs out.");
        }
        AnsiConsole.MarkupLineInterpolated(
            $"The run has {Quantity.Of(asked.Epochs, "epoch")} in place of {began.Epochs}: the learning rate, and the EMA coefficient of a teacher, start a new schedule here, after step {steps}.{(hasNewOptimizer ? " The optimizer starts anew too, because the run did not keep its state (--keep-state)." : "")}");
        return (asked with { Epochs = began.Epochs }).WithEpochs(asked.Epochs, steps, hasNewOptimizer);
    }
}
