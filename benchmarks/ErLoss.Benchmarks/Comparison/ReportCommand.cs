using System.CommandLine;
using System.Text;
using ErTraining;
using ErTraining.Commands;

namespace ErLoss.Benchmarks;

/// <summary><c>report</c>: measured files side by side, as Markdown on standard output.</summary>
internal static class ReportCommand
{
    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        Option<string?> compare = Options.Text("--compare", "What compare --json wrote.", "FILE");
        compare.Required = true;
        Option<string?> pytorch = Options.Text("--pytorch", "What pytorch_baseline.py wrote.", "FILE");
        Option<string?> memory = Options.Text("--memory", "What memory --json wrote.", "FILE");
        var command = new Command("report", "Write tables of measured times, memory and their ratios in Markdown.") { compare, pytorch, memory };
        command.SetAction(parsed =>
        {
            Measurements ours = Measurements.Read(parsed.GetValue(compare)!);
            Measurements? theirs = parsed.GetValue(pytorch) is { } path ? Measurements.Read(path) : null;
            IReadOnlyList<PeakMemory.Row> peaks = parsed.GetValue(memory) is { } file ? PeakMemory.Read(file) : [];
            Console.Write(Markdown(ours, theirs, peaks));
            return ExitCode.Success;
        });
        return command;
    }

    private static string Markdown(Measurements ours, Measurements? theirs, IReadOnlyList<PeakMemory.Row> peaks)
    {
        var text = new StringBuilder();
        text.AppendLine($"{ours.Device}, TorchSharp {ours.TorchSharp}, libtorch {ours.Libtorch}. Forward and backward, medians in milliseconds.");
        foreach (IGrouping<string, TimingCase> cases in ours.Rows.Select(row => row.Case).Distinct().GroupBy(at => at.Precision))
        {
            AppendTable(text, cases.Key, TimingTable.Head(), cases.Select(at => TimingTable.Row(ours, at, withQuartiles: false)));
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
                "Peak memory of the entropy beyond the inputs",
                ["k", "d", Variant.Composed, Variant.Fused],
                peaks.GroupBy(row => (row.K, row.D)).Select(rows => (string[])
                    [$"{rows.Key.K:n0}", $"{rows.Key.D}", PeakMemory.Show(rows, Variant.Composed), PeakMemory.Show(rows, Variant.Fused)]));
        }
        if (theirs?.Throughput is { Count: > 0 } steps)
        {
            AppendTable(
                text,
                $"PyTorch {theirs.Libtorch}, {theirs.Device}: training steps",
                ["encoder", "precision", "batch", "images/s"],
                steps.Select(step => (string[])
                    [step.Name, step.Precision, $"{step.Batch}", step.ImagesPerSecond is { } speed ? $"{speed:n0}" : step.Note ?? ""]));
        }
        return text.ToString();
    }

    /// <summary>Our fused form against each of PyTorch's forms of a quantity.</summary>
    private static void AppendAgainst(
        StringBuilder text, string quantity, Measurements ours, Measurements theirs, IGrouping<string, TimingCase> cases)
    {
        string fused = $"{quantity} {Variant.Fused}";
        string[] forms = [.. theirs.Rows.Select(row => row.Name).Where(name => name.StartsWith($"{quantity} ", StringComparison.Ordinal)).Distinct()];
        AppendTable(
            text,
            $"{cases.Key}, {quantity}, against PyTorch {theirs.Libtorch} on {theirs.Device}",
            ["k", "d", "ErLoss, fused", .. forms.SelectMany(form => (string[])[$"PyTorch, {form[(quantity.Length + 1)..]}", "faster"])],
            cases.Select(at => (string[])
            [
                $"{at.K:n0}",
                $"{at.D}",
                TimingTable.Time(ours.Find(fused, at), withQuartiles: false),
                .. forms.SelectMany(form => (string[])
                [
                    TimingTable.Time(theirs.Find(form, at), withQuartiles: false),
                    TimingTable.Times(theirs.Find(form, at)?.MedianMs / ours.Find(fused, at)?.MedianMs),
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
