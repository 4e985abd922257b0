using System.CommandLine;
using ErLoss.Training;
using ErTraining.CommandLine;
using Spectre.Console;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary><c>operators</c>: how many operators a training step dispatches, and how many of those take a kernel's launch on a GPU, without one.</summary>
internal static class OperatorsCommand
{
    /// <summary>The first steps make what later ones keep.</summary>
    private const int StepsBefore = 3;

    /// <summary>What autograd calls each of its nodes within.</summary>
    private const string Backward = "autograd::engine::evaluate_function";

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        Option<string> method = Options.Choice("--method", "Method that is trained, with the entropy-reconstruction loss.", "simclr", Registry.Default.Methods.Keys);
        Option<string> encoder = Options.Choice("--encoder", "Encoder network.", "resnet18", Registry.Default.Encoders);
        Option<string> optimizer = Options.Choice("--optimizer", "Optimizer.", "adamw", ["adamw", "sgd", "lars"]);
        Option<string> precision = Options.Choice("--precision", "Number format in which the convolutions of the encoder compute.", "float32", ["float32", "bfloat16"]);
        Option<int> batch = Options.Number("--batch-size", "Batch size.", "N", n => n is >= 2 and <= 65536, "a whole number from 2 to 65536", 64);
        Option<int> top = Options.Number("--top", "Number of operators to list.", "N", n => n is >= 0 and <= 1000, "a whole number from 0 to 1000", 20);
        var command = new Command("operators", "Run a training step on the CPU (Linux only) and count the operators it dispatches, and those that would launch a kernel on a GPU.")
        {
            method, encoder, optimizer, precision, batch, top,
        };
        command.SetAction(parsed =>
        {
            RunSettings settings = FreshRun.Compose(
                Registry.Default,
                [
                    ("method", parsed.GetValue(method)!), ("encoder", parsed.GetValue(encoder)!), ("optimizer", parsed.GetValue(optimizer)!),
                    ("precision", parsed.GetValue(precision)!), ("batch_size", $"{parsed.GetValue(batch)}"),
                ]);
            Write(settings, CountStep(settings), parsed.GetValue(top));
            return ExitCode.Success;
        });
        command.Subcommands.Add(LossOperatorsCommand.Create());
        return command;
    }

    /// <summary>The parts of one step, in their order.</summary>
    private static List<OperatorPhase> CountStep(RunSettings settings)
    {
        using var workload = new StepWorkload(settings, CPU);
        for (int step = 0; step < StepsBefore; step++)
        {
            workload.Step();
        }
        workload.Method.register_forward_pre_hook(_ => OperatorParts.Mark());
        workload.Method.Encoder.register_forward_pre_hook(_ => OperatorParts.Mark());
        workload.Method.Encoder.register_forward_hook(_ => OperatorParts.Mark());
        workload.Method.register_forward_hook(_ => OperatorParts.Mark());
        using var trace = new OperatorTrace();
        workload.Step();
        return Split(trace.End());
    }

    private static List<OperatorPhase> Split(IReadOnlyList<Operator> calls)
    {
        var all = calls.ToDictionary(call => call.Id);
        IReadOnlyList<IReadOnlyList<Operator>> parts = OperatorParts.Split(calls); // views, head's beginning, encoder, head and loss, backward and the rest
        long lastBackward = calls.Last(call => call.Name.StartsWith(Backward, StringComparison.Ordinal)).Id;
        (string Name, IEnumerable<Operator> Calls)[] phases =
        [
            ("views", parts[0]),
            ("encoder", parts[2]),
            ("heads and loss", parts[1].Concat(parts[3])),
            ("backward", parts[4].Where(call => !IsAfterBackward(call))),
            ("optimizer and metrics", parts[4].Where(IsAfterBackward)),
            ("all", parts.SelectMany(part => part)),
        ];
        return [.. phases.Select(phase => OperatorPhase.Create(phase.Name, [.. phase.Calls], all))];

        // Beneath the last node of autograd there may still be operators of the backward pass.
        bool IsAfterBackward(Operator call) => call.Id > lastBackward && !call.Callers(all).Any(caller => caller.Id == lastBackward);
    }

    private static void Write(RunSettings settings, List<OperatorPhase> phases, int top)
    {
        Table table = new Table()
            .Title($"{settings.Method.TitleWith(settings.Method.Objective)}, {Registry.Default.Document.NameOf(settings.Encoder)}, {Registry.Default.Document.NameOf(settings.Optimizer)}, {settings.Compute.Precision}, batch {settings.BatchSize}; libtorch {__version__}".EscapeMarkup())
            .AddColumns("part of a step", "operators", "at the top", "launching");
        foreach (OperatorPhase phase in phases)
        {
            table.AddRow(phase.Name, $"{phase.Operators.Count:n0}", $"{phase.AtTop:n0}", $"{phase.Launching.Count:n0}");
        }
        AnsiConsole.Write(table);
        Console.WriteLine("Launching: operators that compute elements themselves. Each is counted once, although a GPU may need several kernels for it.");
        phases[^1].WriteLaunching(top);
    }
}
