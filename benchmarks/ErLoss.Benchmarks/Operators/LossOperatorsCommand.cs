using System.CommandLine;
using ErLoss.Modules;
using ErLoss.Training;
using ErTraining.CommandLine;
using Spectre.Console;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary><c>operators loss</c>: how many operators one call of the loss dispatches, value and gradients, by form and evaluation.</summary>
internal static class LossOperatorsCommand
{
    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        Option<string?> device = BenchmarkDevice.Option();
        Option<int> rows = Options.Number("--k", "Number of rows (batch size).", "N", n => n is >= 10 and <= 1 << 20, "a whole number from 10 to 1048576", 64);
        Option<int> dimension = Options.Number("--d", "Dimension of the rows.", "N", n => n is >= 2 and <= 65536, "a whole number from 2 to 65536", 128);
        Option<string?> only = Options.Text("--form", "Count the forms whose names contain this.", "TEXT");
        Option<string?> evaluation = Options.Text("--evaluation", "Count this evaluation only.", "NAME");
        Option<bool> list = Options.Flag("--list", "Print the launching operators as well, in their order.");
        var command = new Command("loss", "Count the operators that one call of the loss dispatches (Linux only), value and gradients, by form and evaluation, and those that launch a kernel on a GPU.")
        {
            device, rows, dimension, only, evaluation, list,
        };
        command.SetAction(parsed =>
        {
            Device on = BenchmarkDevice.Use(parsed.GetValue(device)!);
            int k = parsed.GetValue(rows), d = parsed.GetValue(dimension);
            using var forms = new LossForms(on, k, d, norm: LossForms.TinyNorm);
            LossForm[] chosen = [.. forms.All.Where(form => form.Name.Contains(parsed.GetValue(only) ?? "", StringComparison.OrdinalIgnoreCase))];
            (LossForm Form, KernelEvaluation Evaluation)[] cases =
            [
                .. from form in chosen
                   from its in form.OwnEvaluations
                   where parsed.GetValue(evaluation) is not { } name || LossForm.NameOf(its).Equals(name, StringComparison.OrdinalIgnoreCase)
                   select (form, its),
            ];
            if (cases.Length == 0)
            {
                throw new UsageException("No form has the text of --form in its name and the evaluation of --evaluation; without both all are counted.");
            }
            Run(on, k, d, cases, parsed.GetValue(list));
            return ExitCode.Success;
        });
        return command;
    }

    private static void Run(Device device, int k, int d, IReadOnlyList<(LossForm Form, KernelEvaluation Evaluation)> cases, bool list)
    {
        Table table = new Table()
            .Title($"{BenchmarkDevice.Describe(device)}; k = {k:n0}, d = {d}, float32; libtorch {__version__}".EscapeMarkup())
            .AddColumns("form", "evaluation", "operators", "from C#", "launching", "of the value", "of the gradients");
        foreach (((LossForm form, KernelEvaluation evaluation), (OperatorPhase Value, OperatorPhase Gradients)? counts) in cases.Zip(LossOperators.Count(cases, device, k, d)))
        {
            string[] head = [form.Name, LossForm.NameOf(evaluation)];
            if (counts is not var (value, gradients))
            {
                table.AddRow([.. head, "not served", "", "", "", ""]);
                continue;
            }
            int launching = value.Launching.Count + gradients.Launching.Count;
            table.AddRow([.. head, $"{value.Operators.Count + gradients.Operators.Count}", $"{value.AtTop}", $"{launching}", $"{value.Launching.Count}", $"{gradients.Launching.Count}"]);
            foreach (OperatorPhase phase in list ? [value, gradients] : (OperatorPhase[])[])
            {
                Console.WriteLine($"{form.Name}, {head[1]}, {phase.Name}: {string.Join(' ', phase.Launching.Reverse().Select(call => call.Name.Replace("aten::", "", StringComparison.Ordinal)))}");
            }
        }
        AnsiConsole.Write(table);
        Console.WriteLine("Operators: all that libtorch dispatches, those that others dispatch included. From C#: those of the value that no operator dispatches, which C# calls one by one; a compiled function is one call.");
        Console.WriteLine("Launching: operators that compute elements themselves. Each is counted once, although a GPU may need several kernels for it.");
    }
}
