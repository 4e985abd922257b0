using System.CommandLine;
using System.Text;
using ErLoss.Training;
using ErTraining.CommandLine;

namespace ErLoss.Benchmarks;

/// <summary><c>report</c>: measured files side by side, as Markdown on standard output.</summary>
internal static class ReportCommand
{
    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        Option<string?> compare = Options.Text("--compare", "File that compare --json wrote.", "FILE");
        Option<string?> pytorch = Options.Text("--pytorch", "File that pytorch_baseline.py wrote.", "FILE");
        Option<string?> memory = Options.Text("--memory", "File that memory --json wrote.", "FILE");
        Option<string?> errors = Options.Text("--errors", "File that errors --json wrote.", "FILE");
        Option<string?> throughput = Options.Text("--throughput", "File that throughput --json wrote.", "FILE");
        var command = new Command("report", "Write tables of measured times, memory, errors, throughput and their ratios in Markdown.") { compare, pytorch, memory, errors, throughput };
        command.SetAction(parsed =>
        {
            Option<string?>[] files = [compare, pytorch, memory, errors, throughput];
            if (files.All(file => parsed.GetValue(file) is null))
            {
                throw new UsageException($"report needs at least one of {string.Join(", ", files.Select(file => file.Name))}.");
            }
            IReadOnlyList<PeakMemory.Row> peaks = parsed.GetValue(memory) is { } path ? PeakMemory.Read(path) : [];
            IReadOnlyList<ErrorMeasurement> measured = parsed.GetValue(errors) is { } file ? ErrorMeasurement.Read(file) : [];
            Console.Write(Markdown(Read(compare), Read(pytorch), peaks, measured, Read(throughput)));
            return ExitCode.Success;

            Measurements? Read(Option<string?> file) => parsed.GetValue(file) is { } path ? Measurements.Read(path) : null;
        });
        return command;
    }

    private static string Markdown(Measurements? ours, Measurements? theirs, IReadOnlyList<PeakMemory.Row> peaks, IReadOnlyList<ErrorMeasurement> errors, Measurements? steps)
    {
        var text = new StringBuilder();
        if ((ours ?? steps ?? theirs) is { } any)
        {
            string torchSharp = any.TorchSharp is { } version ? $"TorchSharp {version}, " : "";
            text.AppendLine($"{any.Device}, {torchSharp}libtorch {any.Libtorch}. Forward and backward, medians in milliseconds; beside them the relative error of the tangential gradient.");
        }
        ours ??= new Measurements("ErLoss", "", null, "", []); // PyTorch's times alone are still worth a table
        foreach (IGrouping<string, TimingCase> cases in ours.Rows.Concat(theirs?.Rows ?? []).Select(row => row.Case).Distinct().GroupBy(at => at.Precision))
        {
            if (ours.Rows.Any(row => row.Precision == cases.Key))
            {
                AppendTable(text, cases.Key, TimingTable.Head(), cases.Select(at => TimingTable.Row(ours, at, withQuartiles: false)));
            }
            if (theirs is not null)
            {
                foreach (string quantity in Variant.Quantities)
                {
                    AppendAgainst(text, quantity, ours, theirs, cases);
                }
            }
        }
        if (peaks.Count > 0)
        {
            AppendTable(
                text,
                "Peak memory beyond the inputs",
                ["quantity", "k", "d", .. Variant.Forms],
                peaks.GroupBy(row => (row.Quantity, row.K, row.D)).Select(rows => (string[])
                    [rows.Key.Quantity, $"{rows.Key.K:n0}", $"{rows.Key.D}", .. Variant.Forms.Select(form => PeakMemory.Show(rows, form))]));
        }
        if (errors.Count > 0)
        {
            (IReadOnlyList<string> head, IReadOnlyList<string[]> rows) = ErrorMeasurement.Table(errors);
            AppendTable(text, "Errors of value (nats), gradient and tangential gradient (relative, in norm)", head, rows);
        }
        AppendSteps(text, steps?.Throughput ?? [], theirs?.Throughput ?? [], theirs?.Libtorch);
        return text.ToString();
    }

    /// <summary>Our training steps against PyTorch's of the same encoder, precision and batch.</summary>
    private static void AppendSteps(StringBuilder text, IReadOnlyList<Throughput> ours, IReadOnlyList<Throughput> theirs, string? libtorch)
    {
        (string Name, string Precision, int Batch)[] cases = [.. ours.Concat(theirs).Select(Case).Distinct()];
        if (cases.Length == 0)
        {
            return;
        }
        AppendTable(
            text,
            "Training steps, images/s, two views an image",
            ["encoder", "precision", "batch", "ErLoss", "its encoder alone", "step ÷ encoder, in time", .. libtorch is null ? (string[])[] : [$"PyTorch {libtorch}, views not made"]],
            cases.Select(at =>
            {
                Throughput? mine = ours.FirstOrDefault(row => Case(row) == at), other = theirs.FirstOrDefault(row => Case(row) == at);
                string[] cells =
                [
                    at.Name, at.Precision, $"{at.Batch}", Show(mine), $"{mine?.EncoderImagesPerSecond:n0}", $"{mine?.EncoderImagesPerSecond / mine?.ImagesPerSecond:f2}",
                ];
                return libtorch is null ? cells : [.. cells, Show(other)];
            }));

        static (string, string, int) Case(Throughput row) => (row.Name, row.Precision, row.Batch);

        static string Show(Throughput? row) => row?.ImagesPerSecond is { } speed ? $"{speed:n0}" : row?.Note ?? "";
    }

    /// <summary>Our evaluations against each of PyTorch's forms of a quantity, and how many times longer that takes than the fastest of ours.</summary>
    private static void AppendAgainst(
        StringBuilder text, string quantity, Measurements ours, Measurements theirs, IGrouping<string, TimingCase> cases)
    {
        string[] forms = [.. theirs.Rows.Select(row => row.Name).Where(name => name.StartsWith($"{quantity} ", StringComparison.Ordinal)).Distinct()];
        AppendTable(
            text,
            $"{cases.Key}, {quantity}, against PyTorch {theirs.Libtorch} on {theirs.Device}",
            ["k", "d", .. Variant.Forms.Select(form => $"ErLoss, {form}"), .. forms.SelectMany(form => (string[])[$"PyTorch, {form[(quantity.Length + 1)..]}", "faster"])],
            cases.Select(at => (string[])
            [
                $"{at.K:n0}",
                $"{at.D}",
                .. Variant.Forms.Select(form => TimingTable.TimeAndError(ours.Find($"{quantity} {form}", at), withQuartiles: false)),
                .. forms.SelectMany(form => (string[])
                [
                    TimingTable.TimeAndError(theirs.Find(form, at), withQuartiles: false),
                    TimingTable.Times(theirs.Find(form, at)?.MedianMs / Variant.Forms.Min(own => ours.Find($"{quantity} {own}", at)?.MedianMs)),
                ]),
            ]));
    }

    private static void AppendTable(StringBuilder text, string title, IEnumerable<string> head, IEnumerable<IEnumerable<string>> rows)
    {
        text.AppendLine().AppendLine($"**{title}**").AppendLine();
        AppendRow(head);
        AppendRow(head.Select(_ => "---"));
        foreach (IEnumerable<string> row in rows)
        {
            AppendRow(row);
        }

        void AppendRow(IEnumerable<string> cells) => text.AppendLine($"| {string.Join(" | ", cells)} |");
    }
}
