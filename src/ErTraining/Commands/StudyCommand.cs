using System.CommandLine;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Studies;
using ErTraining.CommandLine;
using ErTraining.Reports;
using ErTraining.Terminal;
using Spectre.Console;

namespace ErTraining.Commands;

/// <summary><c>study</c>: the paper's Table 2 and Figure 2 on the user's data.</summary>
internal static class StudyCommand
{
    private const int UsualEpochs = 10;

    private const string Epochs = "epochs", LearningRate = "learning_rate", Threads = "threads", LinearProbe = "linear_probe";

    private static readonly Option<int?> s_epochs = Options.Number<int?>(
        "--epochs", $"Number of passes over the training images [default: {UsualEpochs}].", "N", n => n >= 1, "a whole number from 1 up", null);

    private static readonly Option<bool> s_fullGrid = Options.Flag(
        "--full-grid", "Train all combinations instead of only those that differ from the reference in one thing.");

    private static readonly Option<double?> s_learningRate = Options.Number<double?>(
        "--learning-rate",
        "Learning rate at the largest batch size. --learning-rate-rule says what smaller batches get [default: that of train].",
        "X",
        x => x > 0 && double.IsFinite(x),
        "a positive number",
        null);

    private static readonly Option<string> s_budget = Options.Choice(
        "--budget",
        "What training runs of different batch sizes have in common: epochs, so that a smaller batch takes more steps, or steps, as nearly as whole epochs come to those of the largest batch size.",
        "epochs",
        "epochs",
        "steps");

    private static readonly Option<string> s_learningRateRule = Options.Choice(
        "--learning-rate-rule",
        "Learning rate of smaller batches: scaled in proportion to the square root of the batch size for adamw and in proportion to the batch size otherwise, or held as it is.",
        "scaled",
        "scaled",
        "held");

    private static readonly Option<bool> s_resultsOnly = Options.Flag(
        "--results-only", "Keep only the settings, metrics and results of finished training runs, a few kilobytes each, and delete their weights, reports and pictures. The study can continue from such a folder on any machine that has the images.");

    private static readonly Option<int?> s_parallel = Options.Number<int?>(
        "--parallel",
        $"Number of training runs at the same time. Without --threads they share the processors evenly [default: {DefaultParallelism.OnGpu} on a GPU, fewer if less than 8 GiB is free for each; on the CPU one for each processor, fewer if there is less than 4 GiB of memory for each or if --threads is above 1].",
        "N",
        n => n is >= 1 and <= 64,
        "a whole number from 1 to 64",
        null);

    private static readonly Option<bool> s_retrain = Options.Flag(
        "--retrain", "Train those cells in --output again that another version of this program trained. Their earlier results stay in the folder.");

    private static readonly Option<TimeSpan?> s_maxTime = TimeLimit.Option("the same command continues from there");

    private static readonly Option<string?> s_output = RequiredOutput();

    /// <summary>Settings that have an option of the study's own, or that the study sets itself.</summary>
    private static readonly string[] s_ownWords =
        [StudyAxis.Method, "preset", StudyAxis.Objective, StudyAxis.BatchSize, StudyAxis.Ema, StudyAxis.Seed, "evaluations", Epochs, LearningRate];

    /// <summary>What is used where these are not given is the study's choice.</summary>
    private static readonly Dictionary<string, OptionHelp> s_help = new()
    {
        ["ema_schedule"] = new(Default: "fixed"),
        [LinearProbe] = new(Default: "true"),
        [Threads] = new(Default: "an even share of the processors for each of the runs at the same time; libtorch's choice for a single one"),
    };

    /// <summary>The command as the command line knows it: its own options, and the settings that all cells share.</summary>
    /// <param name="registry">The kinds there are.</param>
    /// <param name="cells">Runs the cells; null for processes of their own.</param>
    public static Command Create(Registry registry, CellProcess.Runner? cells = null)
    {
        var axes = new AxisOptions(registry);
        var shared = new SettingOptions(registry, setting => !s_ownWords.Contains(setting.Word), s_help);
        var command = new Command("study", "Compare methods at small batch sizes and with fast teachers, with and without the entropy-reconstruction loss, as in Table 2 and Figure 2 of its paper. Any other setting can be varied too.");
        foreach (Option option in (IEnumerable<Option>)[.. axes.All, s_epochs, s_fullGrid, s_learningRate, s_learningRateRule, s_budget, s_parallel, s_retrain, s_resultsOnly, s_maxTime, s_output, .. shared.All, shared.Config])
        {
            command.Options.Add(option);
        }
        command.SetAction((parsed, cancellation) => RunAsync(parsed, registry, cells ?? CellProcess.RunAsync, axes, shared, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed, Registry registry, CellProcess.Runner cells, AxisOptions axisOptions, SettingOptions options, CancellationToken cancellation)
    {
        using var limit = new TimeLimit(parsed.GetValue(s_maxTime), cancellation);
        try
        {
            return await RunAsync(parsed, registry, cells, axisOptions, options, limit);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine($"{limit.Reason}; nothing was written.");
            return limit.ExitCode;
        }
    }

    private static async Task<int> RunAsync(
        ParseResult parsed, Registry registry, CellProcess.Runner cells, AxisOptions axisOptions, SettingOptions options, TimeLimit limit)
    {
        List<(string Word, string Value)> shared = [.. options.Given(parsed)];
        AddGiven(shared, Epochs, parsed.GetValue(s_epochs)?.ToString());
        AddGiven(shared, LearningRate, parsed.GetValue(s_learningRate)?.ToString());
        string? json = options.InWords(parsed, () => options.ConfigText(parsed, limit.Token));
        var file = new SharedCellSettings(registry, [], json);
        IReadOnlyList<StudyAxis> axes = axisOptions.Read(parsed, word => shared.Any(setting => setting.Word == word), file.OfDocument);
        if (axes.All(axis => axis.Word != Epochs) && parsed.GetValue(s_epochs) is null && !file.Says(Epochs))
        {
            shared.Add((Epochs, $"{UsualEpochs}"));
        }
        if (shared.All(setting => setting.Word != LinearProbe) && !file.Says(LinearProbe))
        {
            shared.Add((LinearProbe, "true")); // the paper's own measure
        }
        RunSettings common = options.InWords(parsed, new SharedCellSettings(registry, shared, json).Common);
        int parallel = parsed.GetValue(s_parallel)
            ?? DefaultParallelism.For(options.InWords(parsed, () => SharedOptions.UseDevice(common.Compute with { Threads = null })), common.Compute.Threads);
        if (common.Compute.Threads is null && parallel > 1)
        {
            shared.Add((Threads, $"{Math.Max(1, Environment.ProcessorCount / parallel)}"));
        }
        var all = new SharedCellSettings(registry, shared, json);
        var settings = new StudySettings
        {
            Version = InfoCommand.VersionOf(typeof(StudyCommand)),
            Axes = axes,
            Arms = axisOptions.Arms(parsed),
            Budget = Enum.Parse<StudyBudget>(parsed.GetValue(s_budget)!, ignoreCase: true),
            LearningRateRule = Enum.Parse<LearningRateRule>(parsed.GetValue(s_learningRateRule)!, ignoreCase: true),
            FullGrid = parsed.GetValue(s_fullGrid),
            Training = all.Deciding,
        };
        StudyPlan plan = options.InWords(parsed, () => axisOptions.InWords(parsed, () => new StudyPlan(settings, all)));

        string output = parsed.GetValue(s_output)!;
        RunImages.CheckIsOutside(common.Data, output);
        using var folder = new StudyFolder(output, registry) { KeepsResultsOnly = parsed.GetValue(s_resultsOnly) };
        CheckVersion(plan);

        // What fits for all of them here fits for a cell, which sees what the others have left: a quarter of a share is less than a quarter of that.
        ImageData data = options.InWords(parsed, () => RunImages.Load(common.Data, plan.Cells[0].Seed, null, output, options.NamesIn(parsed), limit.Token, processes: 1 + parallel));
        RunImages.RequireLabels(data, "a study compares accuracies, which need");
        int largest = plan.Cells.Max(cell => cell.Settings.BatchSize);
        if (data.Train.Count < largest)
        {
            throw new UsageException(
                $"--batch-sizes has {largest}, but {data.Name} has {data.Train.Count} training images; "
                + "smaller batches or more images are wanted.");
        }
        if (settings.Budget == StudyBudget.Steps)
        {
            plan = new StudyPlan(settings, all, data.Train.Count); // only now is it known how many epochs make the steps
            CheckVersion(plan);
        }
        string? fingerprint = common.Data.Source == DataSource.Synthetic ? null : data.Fingerprint();
        if (folder.OnOtherImages(plan.Cells, common.Data, fingerprint) is { } trained)
        {
            throw new UsageException($"{output}: {trained} was trained on other images; give another --output, or the images that this study began with.");
        }
        var watch = new SilenceWatch(TimeProvider.System);
        using var processes = new StudyProcesses(folder.ClaimsPath, ProcessIdentity.Current, watch);
        await processes.JoinAsync(
            plan.Fingerprint(fingerprint),
            host => AnsiConsole.MarkupLineInterpolated($"A process on {host} worked on another study in {output}; waiting up to {SilenceWatch.Patience.TotalMinutes:f0} minutes to see whether it is over"),
            limit.Token);
        var claims = new CellClaims(folder.ClaimsPath, processes, watch);
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]{Quantity.Of(plan.Cells.Count, "cell")}[/] of {Quantity.Of(plan.MostEpochs, "epoch")} on {data.Name}, {data.Counts}");
        if (StudyBudgetNote.Of(plan, data.Train.Count) is { } budget)
        {
            AnsiConsole.MarkupLineInterpolated($"{budget}");
        }
        if (folder.CountOthers(plan.Cells) is > 0 and var others)
        {
            AnsiConsole.MarkupLineInterpolated($"{others} more in {output} do not belong to this study and stay unchanged.");
        }
        if (plan.Cells.All(cell => folder.Kept(cell) is not null))
        {
            AnsiConsole.MarkupLineInterpolated($"All cells are finished already; there is nothing left to do.");
        }
        var display = new StudyDisplay(plan, data.Train.Count, parallel);
        var runner = new StudyRunner(plan, folder, processes, claims, display, cells, (file, cell) => ["train", "--config", file, "--output", cell, "--resume", .. data.CacheUse is null ? (string[])[] : ["--cache", common.Data.Cache ?? output]]);
        try
        {
            using (display)
            {
                await runner.RunAsync(parallel, limit.Token);
            }
            StudyFiles.Write(plan, folder, runner.Outcomes, data, processes.OwnPath);
        }
        catch (OperationCanceledException)
        {
            int finished = runner.Outcomes.Count(outcome => outcome.Status == CellStatus.Finished);
            Console.Error.WriteLine(
                $"{limit.Reason}; {finished} of {plan.Cells.Count} cells are finished and kept in {output}. The same command continues with the rest.");
            return limit.ExitCode;
        }
        finally
        {
            processes.Dispose();
            claims.Delete(runner.Outcomes.Where(outcome => outcome.Status != CellStatus.Pending).Select(outcome => outcome.Cell.Name));
        }
        StudySummary.Write(plan, runner.Outcomes); // after the files, which stay whatever becomes of the console
        AnsiConsole.MarkupLineInterpolated($"Table, curves and cells: {folder.ReportPath}");
        return runner.Outcomes.All(outcome => outcome.Status == CellStatus.Failed)
            ? throw new TrainingFailedException($"No cell could be trained; {folder.ReportPath} says why.")
            : ExitCode.Success;

        void CheckVersion(StudyPlan plan)
        {
            if (!parsed.GetValue(s_retrain) && folder.OfAnotherVersion(plan.Cells) is { } other)
            {
                throw new UsageException(
                    $"{output}: {other.Name} was trained by version {other.Version} of this program, which is {settings.Version}; "
                    + "give another --output, or --retrain to train such cells once more with this version.");
            }
        }
    }

    private static void AddGiven(List<(string Word, string Value)> shared, string word, string? value)
    {
        if (value is not null)
        {
            shared.Add((word, value));
        }
    }

    private static Option<string?> RequiredOutput()
    {
        Option<string?> output = Options.Text("--output", "Folder for the training runs, study.json, the figure and the report.", "DIR");
        output.Required = true;
        return output;
    }
}
