using System.CommandLine;
using ErLoss.Modules;
using ErLoss.Training;
using ErTraining.CommandLine;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary><c>errors</c>: errors of the entropy and its gradients against independent float64, by evaluation, type, form, rows and size.</summary>
internal static class ErrorsCommand
{
    private const string AllForms = "all";

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        Option<string?> device = BenchmarkDevice.Option(), json = Outputs.Json();
        Option<IReadOnlyList<int>?> rows = Options.Numbers("--k", "Numbers of rows (batch sizes).", n => n is >= 16 and <= 8192, "a whole number from 16 to 8192", [256]);
        Option<IReadOnlyList<int>?> dimensions = Options.Numbers("--d", "Dimensions of the rows.", n => n is >= 2 and <= 65536, "a whole number from 2 to 65536", [128]);
        Option<string?> only = Options.Text("--form", $"Measure the forms whose names contain this, or '{AllForms}' [default: both estimators, with the own kernels and without].", "TEXT");
        Option<string?> kind = Options.Text("--rows", "Measure the kinds of rows whose names contain this.", "TEXT");
        var command = new Command("errors", "Measure the errors of the entropy and its gradients against independent float64, by evaluation, type, form, rows and size.")
        {
            device, rows, dimensions, only, kind, json,
        };
        command.SetAction(parsed =>
        {
            Device on = BenchmarkDevice.Use(parsed.GetValue(device)!);
            Outputs.Check(parsed.GetValue(json));
            (string Name, Func<int, int, Generator, Tensor> Draw)[] kinds = [.. RowKinds.All.Where(each => Contains(each.Name, parsed.GetValue(kind)))];
            string? text = parsed.GetValue(only);
            List<ErrorMeasurement> errors = [];
            foreach (int k in parsed.GetValue(rows) ?? [256])
            {
                foreach (int d in parsed.GetValue(dimensions) ?? [128])
                {
                    foreach (ErrorMeasurement error in kinds.SelectMany(each => Measure(on, each, k, d, text)))
                    {
                        errors.Add(error);
                        if (parsed.GetValue(json) is { } path)
                        {
                            ErrorMeasurement.Write(errors, path); // what there is so far outlives an interrupt
                        }
                    }
                }
            }
            if (errors.Count == 0)
            {
                throw new UsageException("No form has the text of --form in its name, or no kind of rows that of --rows; without them the usual ones are measured.");
            }
            Show(on, errors);
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>The errors on rows of one kind and size.</summary>
    /// <param name="device">Where.</param>
    /// <param name="kind">Of the rows.</param>
    /// <param name="k">How many rows.</param>
    /// <param name="d">Dimension.</param>
    /// <param name="text">What forms' names contain, or all forms; null for the main ones.</param>
    public static IEnumerable<ErrorMeasurement> Measure(Device device, (string Name, Func<int, int, Generator, Tensor> Draw) kind, int k, int d, string? text)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        Tensor[] drawn = [.. Enumerable.Range(0, 2).Select(_ => kind.Draw(k, d, generator))];
        IReadOnlyList<NumberType> types = NumberType.Of(device);
        foreach (NumberType type in types)
        {
            using var forms = new LossForms(device, k, d, type.Inputs);
            Tensor[] projections = [.. drawn.Select(rows => rows.to(type.Inputs).to(device))];
            IEnumerable<LossForm> chosen = text is null ? forms.Main : forms.All.Where(form => form is { ViewCount: 2, Options: { Support: Support.Sphere, NormalizeInputs: true } });
            foreach (LossForm form in chosen.Where(form => text == AllForms || Contains(form.Name, text)))
            {
                (EntropyTruth, EntropyTruth) truths = ErrorMeasurement.Truths(form, projections);
                foreach (KernelEvaluation evaluation in LossForm.Evaluations.Where(type.IsFor))
                {
                    yield return WithTf32(type.Tf32, device, () => ErrorMeasurement.Measure(kind.Name, form, type, evaluation, projections, truths));
                }
            }
        }
    }

    private static bool Contains(string name, string? text) => name.Contains(text ?? "", StringComparison.OrdinalIgnoreCase);

    private static ErrorMeasurement WithTf32(bool allow, Device device, Func<ErrorMeasurement> measure)
    {
        if (device.type != DeviceType.CUDA)
        {
            return measure();
        }
        backends.cuda.matmul.allow_tf32 = allow;
        try
        {
            return measure();
        }
        finally
        {
            backends.cuda.matmul.allow_tf32 = false;
        }
    }

    private static void Show(Device device, IReadOnlyList<ErrorMeasurement> errors)
    {
        (IReadOnlyList<string> head, IReadOnlyList<string[]> rows) = ErrorMeasurement.Table(errors);
        Table table = new Table()
            .Title($"{BenchmarkDevice.Describe(device)}, libtorch {__version__}; errors of value (nats), gradient and tangential gradient (relative, in norm)".EscapeMarkup())
            .AddColumns([.. head]);
        foreach (string[] row in rows)
        {
            table.AddRow([.. row.Select(cell => cell.EscapeMarkup())]);
        }
        AnsiConsole.Write(table);
        Console.WriteLine("Gradient: in rows that are used as they are given. Tangential: in rows that the loss normalises, which turns them. In brackets: gradient in log κ.");
    }
}
