using System.CommandLine;
using ErLoss.Modules;
using ErLoss.Training;
using ErTraining.CommandLine;
using Spectre.Console;
using TorchSharp;
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
            using var forms = new LossForms(on, k, d);
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

    /// <summary>Counts the operators of a call of each form, after one that is not counted.</summary>
    /// <param name="cases">Forms and how their kernels are computed.</param>
    /// <param name="device">Where.</param>
    /// <param name="k">Rows.</param>
    /// <param name="d">Dimension.</param>
    /// <returns>For each the operators of the value and those of the gradients; null where the evaluation does not serve the form.</returns>
    public static IReadOnlyList<(OperatorPhase Value, OperatorPhase Gradients)?> Count(
        IReadOnlyList<(LossForm Form, KernelEvaluation Evaluation)> cases, Device device, int k, int d)
    {
        using var scope = NewDisposeScope();
        bool[] areServed = [.. cases.Select(each => IsServed(each.Form, each.Evaluation))];
        LossCall[] ready = [.. cases.Select(each => new LossCall(each.Form, each.Evaluation, device, k, d))];
        using var trace = new OperatorTrace();
        foreach ((LossCall call, _) in ready.Zip(areServed).Where(each => each.Second))
        {
            OperatorParts.Mark();
            Tensor value = call.Value();
            OperatorParts.Mark();
            value.backward();
            OperatorParts.Mark();
        }
        IReadOnlyList<Operator> calls = trace.End();
        Array.ForEach(ready, call => call.Dispose());
        var all = calls.ToDictionary(call => call.Id);
        IReadOnlyList<IReadOnlyList<Operator>> parts = OperatorParts.Split(calls);
        int part = -2;
        return [.. areServed.Select(isServed => isServed ? Next() : ((OperatorPhase, OperatorPhase)?)null)];

        (OperatorPhase, OperatorPhase) Next()
        {
            part += 3;
            return (OperatorPhase.Create("value", parts[part], all), OperatorPhase.Create("gradients", parts[part + 1], all));
        }

        bool IsServed(LossForm form, KernelEvaluation evaluation)
        {
            try
            {
                using var call = new LossCall(form, evaluation, device, k, d);
                call.Value().backward();
                return true;
            }
            catch (ArgumentException)
            {
                return false;
            }
        }
    }

    private static void Run(Device device, int k, int d, IReadOnlyList<(LossForm Form, KernelEvaluation Evaluation)> cases, bool list)
    {
        Table table = new Table()
            .Title($"{BenchmarkDevice.Describe(device)}; k = {k:n0}, d = {d}, float32; libtorch {__version__}".EscapeMarkup())
            .AddColumns("form", "evaluation", "operators", "from C#", "launching", "of the value", "of the gradients");
        foreach (((LossForm form, KernelEvaluation evaluation), (OperatorPhase Value, OperatorPhase Gradients)? counts) in cases.Zip(Count(cases, device, k, d)))
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
        Console.WriteLine("Operators: all that libtorch dispatches, those that others dispatch included. From C#: those of the value that no operator dispatches, which C# calls one by one.");
        Console.WriteLine("Launching: operators that compute elements themselves. Each is counted once, although a GPU may need several kernels for it.");
    }

    /// <summary>A call of the loss that is ready.</summary>
    private sealed class LossCall : IDisposable
    {
        private readonly EntropyReconstructionLoss _loss;
        private readonly ProjectedViews _views;

        public LossCall(LossForm form, KernelEvaluation evaluation, Device device, int k, int d)
        {
            _loss = new EntropyReconstructionLoss(form.Options with { Evaluation = evaluation });
            _loss.to(device);
            random.manual_seed(0);
            _views = form.Views([.. Enumerable.Range(0, form.ViewCount).Select(_ => Workload.UnitRows(device, k, d))]);
        }

        /// <summary>The loss. Two views alone go the shorter way, which makes no terms.</summary>
        public Tensor Value()
        {
            Tensor value = _views is { Projections: [var first, var second], Weights: null, Mask: null, Ids: null, Labels: null, Target: null, Centers.Count: 0 }
                ? _loss.call(first, second)
                : _loss.terms(_views).Loss;
            return value.dim() == 0 ? value : value.sum();
        }

        public void Dispose() => _loss.Dispose();
    }
}
