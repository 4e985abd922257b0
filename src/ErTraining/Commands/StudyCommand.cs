using System.CommandLine;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using ErLoss.Training.Studies;
using ErTraining.CommandLine;
using ErTraining.Reports;
using ErTraining.Terminal;
using Spectre.Console;

namespace ErTraining.Commands;

/// <summary><c>study</c>: the paper's Table 2 and Figure 2 on the user's data.</summary>
internal static class StudyCommand
{
    private static readonly StudySettings s_defaults = new();

    private static readonly Option<IReadOnlyList<Objective>?> s_objectives = Options.Choices(
        "--objectives", "Losses that each method is trained with: that of its own paper (native) and entropy-reconstruction (er).", [("native", Objective.Native), ("er", Objective.Er)], s_defaults.Objectives);

    private static readonly Option<IReadOnlyList<int>?> s_batchSizes = Options.Numbers(
        "--batch-sizes", "Batch sizes to compare. The largest one is the reference.", n => n >= 2, "a whole number from 2 up", s_defaults.BatchSizes);

    private static readonly Option<IReadOnlyList<double>?> s_emas = Options.Numbers(
        "--emas",
        "Coefficients of the teacher's moving average (EMA) to compare, for methods that have a teacher. They stay fixed unless --ema-schedule cosine is given. The first one is the reference.",
        x => x is >= 0 and < 1,
        "a number from 0 to below 1",
        s_defaults.Emas);

    private static readonly Option<IReadOnlyList<bool>?> s_centerings = Options.Choices(
        "--centerings",
        "Whether the outputs of the teacher are centred, for methods that can do so. The first one is the reference.",
        [("on", true), ("off", false)],
        s_defaults.Centerings);

    private static readonly Option<IReadOnlyList<int>?> s_seeds = Options.Numbers(
        "--seeds", "Seeds. Each variant is trained once with each seed.", n => n >= 0, "a whole number from 0 up", s_defaults.Seeds);

    private static readonly Option<int> s_epochs = Options.Number(
        "--epochs", "Passes over the training images.", "N", n => n >= 1, "a whole number from 1 up", s_defaults.Epochs);

    private static readonly Option<bool> s_fullGrid = Options.Flag(
        "--full-grid", "Train all combinations instead of only those that differ from the reference in one thing.");

    private static readonly Option<double?> s_learningRate = Options.Number<double?>(
        "--learning-rate",
        "Learning rate at the largest batch size. Smaller batches get less: in proportion to the square root of the batch size for adamw, in proportion to the batch size otherwise [default: that of train].",
        "X",
        x => x > 0 && double.IsFinite(x),
        "a positive number",
        null);

    private static readonly Option<int?> s_parallel = Options.Number<int?>(
        "--parallel",
        $"Number of training runs at the same time. Without --threads they share the processors evenly [default: {DefaultParallelism.OnGpu} on a GPU, fewer if less than 8 GiB is free for each; on the CPU one for each processor, fewer if there is less than 4 GiB of memory for each or if --threads is above 1].",
        "N",
        n => n is >= 1 and <= 64,
        "a whole number from 1 to 64",
        null);

    private static readonly Option<string?> s_output = RequiredOutput();

    /// <summary>Settings that are a cell's own, or would decide what the study varies.</summary>
    private static readonly string[] s_ofCells =
        ["method", "preset", "objective", "batch_size", "ema", "centering", "seed", "evaluations", "epochs", "learning_rate"];

    /// <summary>The command as the command line knows it: its own options, and the settings that all cells share.</summary>
    public static Command Create(Registry registry)
    {
        Option<IReadOnlyList<string>?> methods = Options.Choices(
            "--methods", "Methods to compare.", [.. registry.Methods.Keys.Select(name => (name, name))], [.. InPaper(registry)]);
        var shared = new SettingOptions(registry, setting => !s_ofCells.Contains(setting.Word));
        var command = new Command("study", "Compare methods at small batch sizes and with fast teachers, with and without the entropy-reconstruction loss, as in Table 2 and Figure 2 of its paper.")
        {
            methods, s_objectives, s_batchSizes, s_emas, s_centerings, s_seeds, s_epochs, s_fullGrid, s_learningRate, s_parallel, s_output,
        };
        foreach (Option option in shared.All)
        {
            command.Options.Add(option);
        }
        command.SetAction((parsed, cancellation) => RunAsync(parsed, parsed.GetValue(methods) ?? [.. InPaper(registry)], registry, shared, cancellation));
        return command;
    }

    private static IEnumerable<string> InPaper(Registry registry) => registry.Methods.Where(method => method.Value.Stability.Count > 0).Select(method => method.Key);

    private static async Task<int> RunAsync(
        ParseResult parsed, IReadOnlyList<string> methods, Registry registry, SettingOptions options, CancellationToken cancellation)
    {
        List<(string Word, string Value)> shared = [.. options.Given(parsed)];
        var cells = new StudyCells(registry, shared);
        RunSettings common = options.InWords(parsed, cells.Common);
        var settings = new StudySettings
        {
            Version = InfoCommand.VersionOf(typeof(StudyCommand)),
            Methods = methods,
            Objectives = parsed.GetValue(s_objectives) ?? s_defaults.Objectives,
            BatchSizes = parsed.GetValue(s_batchSizes) ?? s_defaults.BatchSizes,
            Emas = parsed.GetValue(s_emas) ?? s_defaults.Emas,
            Centerings = parsed.GetValue(s_centerings) ?? s_defaults.Centerings,
            Seeds = parsed.GetValue(s_seeds) ?? s_defaults.Seeds,
            Epochs = parsed.GetValue(s_epochs),
            FullGrid = parsed.GetValue(s_fullGrid),
            LearningRate = parsed.GetValue(s_learningRate) ?? common.Optimizer.LearningRate,
            Training = cells.Deciding,
        };
        int parallel = parsed.GetValue(s_parallel)
            ?? DefaultParallelism.For(options.InWords(parsed, () => SharedOptions.UseDevice(common.Compute with { Threads = null })), common.Compute.Threads);
        var plan = new StudyPlan(settings, common.Optimizer, registry);
        int? threads = common.Compute.Threads ?? (parallel > 1 ? Math.Max(1, Environment.ProcessorCount / parallel) : null);
        CellJob[] jobs = options.InWords(parsed, () => cells.Jobs(plan, threads));

        ImageData data = options.InWords(parsed, () => DataSource.Load(common.Data, settings.Seeds[0]));
        if (data.Train.Count < settings.BatchSizes.Max())
        {
            throw new UsageException(
                $"--batch-sizes has {settings.BatchSizes.Max()}, but {data.Name} has {data.Train.Count} training images; "
                + "smaller batches or more images are wanted.");
        }
        string output = parsed.GetValue(s_output)!;
        using var folder = new StudyFolder(output, settings, registry);
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]{jobs.Length} cells[/] of {settings.Epochs} epochs on {data.Name}, {data.Train.Count:n0} training and {data.Test.Count:n0} test images");
        var display = new StudyDisplay(plan, data.Train.Count, parallel);
        var runner = new StudyRunner(plan, jobs, folder, display, (file, output) => ["train", "--config", file, "--output", output, "--resume"]);
        try
        {
            using (display)
            {
                await runner.RunAsync(parallel, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            int finished = runner.Outcomes.Count(outcome => outcome.Status == CellStatus.Finished);
            Console.Error.WriteLine(
                $"Interrupted; {finished} of {jobs.Length} cells are finished and kept in {output}. The same command goes on with the rest.");
            return ExitCode.Interrupted;
        }
        StudySummary.Write(plan, runner.Outcomes);
        using var figure = new StudyFigure(plan, runner.Outcomes);
        figure.Save(folder.PngPath, folder.SvgPath);
        StudyReport.Write(folder.ReportPath, plan, runner.Outcomes, data, figure);
        AnsiConsole.MarkupLineInterpolated($"Table, curves and cells: {folder.ReportPath}");
        return runner.Outcomes.All(outcome => outcome.Status == CellStatus.Failed)
            ? throw new TrainingFailedException($"No cell could be trained; {folder.ReportPath} says why.")
            : ExitCode.Success;
    }

    private static Option<string?> RequiredOutput()
    {
        Option<string?> output = Options.Text("--output", "Folder for the training runs, study.json, the figure and the report.", "DIR");
        output.Required = true;
        return output;
    }
}
