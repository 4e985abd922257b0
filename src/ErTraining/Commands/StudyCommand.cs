using System.CommandLine;
using ErTraining.Data;
using ErTraining.Methods;
using ErTraining.Studies;
using ErTraining.Training;
using Spectre.Console;

namespace ErTraining.Commands;

/// <summary><c>study</c>: the paper's Table 2 and Figure 2 on the user's data.</summary>
internal static class StudyCommand
{
    private const string EmaSchedule = "--ema-schedule";

    private static readonly StudySettings s_defaults = new();

    private static readonly Option<IReadOnlyList<string>?> s_methods = Options.Choices(
        "--methods", "The methods to compare.", [.. MethodCatalog.Names.Select(name => (name, name))], s_defaults.Methods);

    private static readonly Option<IReadOnlyList<Objective>?> s_objectives = Options.Choices(
        "--objectives", "The losses each is trained with.", [("native", Objective.Native), ("er", Objective.Er)], s_defaults.Objectives);

    private static readonly Option<IReadOnlyList<int>?> s_batchSizes = Options.Numbers(
        "--batch-sizes", "Images a step; the largest is the reference.", n => n >= 2, "a whole number from 2 up", s_defaults.BatchSizes);

    private static readonly Option<IReadOnlyList<double>?> s_emas = Options.Numbers(
        "--emas",
        $"EMA coefficients of the methods that have a teacher, held unless {EmaSchedule} cosine is given; the first is the reference.",
        x => x is >= 0 and < 1,
        "a number from 0 to below 1",
        s_defaults.Emas);

    private static readonly Option<IReadOnlyList<bool>?> s_centerings = Options.Choices(
        "--centerings",
        "Whether teachers' outputs are centred, where a method does so; the first is the reference.",
        [("on", true), ("off", false)],
        s_defaults.Centerings);

    private static readonly Option<IReadOnlyList<int>?> s_seeds = Options.Numbers(
        "--seeds", "Each variant is trained once with each.", n => n >= 0, "a whole number from 0 up", s_defaults.Seeds);

    private static readonly Option<int> s_epochs = Options.Number(
        "--epochs", "Passes over the training images.", "N", n => n >= 1, "a whole number from 1 up", s_defaults.Epochs);

    private static readonly Option<bool> s_fullGrid = Options.Flag(
        "--full-grid", "Train all combinations, not those alone that differ from the reference in one thing.");

    private static readonly Option<double?> s_learningRate = Options.Number<double?>(
        "--learning-rate",
        "Learning rate at the largest batch size; smaller batches get less, by the square root for adamw, in proportion otherwise [default: as train's].",
        "X",
        x => x > 0 && double.IsFinite(x),
        "a positive number",
        null);

    private static readonly Option<int?> s_parallel = Options.Number<int?>(
        "--parallel",
        $"Cells to train at once. Without --threads they share the processors evenly [default: {DefaultParallelism.OnGpu} on a GPU, fewer if less than 8 GiB a cell is free; on the CPU one for each processor, fewer if there is less memory than 4 GiB a cell or --threads is above 1].",
        "N",
        n => n is >= 1 and <= 64,
        "a whole number from 1 to 64",
        null);

    private static readonly Option<string?> s_output = RequiredOutput();

    /// <summary>Options of <c>train</c> that are a cell's own, or would decide what the study varies.</summary>
    private static readonly string[] s_ofCells =
        ["--method", "--preset", "--objective", "--batch-size", "--ema", "--no-centering", "--seed", "--evaluations"];

    /// <summary>The command as the command line knows it: its own options, and those of <c>train</c> that all cells share.</summary>
    public static Command Create()
    {
        var command = new Command("study", "Compare methods at small batches and fast teachers, with and without ER: the paper's Table 2 and Figure 2.")
        {
            s_methods, s_objectives, s_batchSizes, s_emas, s_centerings, s_seeds, s_epochs, s_fullGrid, s_learningRate, s_parallel, s_output,
        };
        string[] own = [.. command.Options.Select(option => option.Name)];
        Option[] shared = [.. TrainingOptions.All.Where(option => !s_ofCells.Contains(option.Name) && !own.Contains(option.Name))];
        foreach (Option option in shared)
        {
            command.Options.Add(option);
        }
        command.SetAction((parsed, cancellation) => RunAsync(parsed, TrainCommand.Create(), Given(parsed, shared), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Command train, string[][] shared, CancellationToken cancellation)
    {
        TrainingSettings common = TrainingOptions.Gather(train.Parse(shared.SelectMany(words => words).ToArray()));
        var settings = new StudySettings
        {
            Version = InfoCommand.VersionOf(typeof(StudyCommand)),
            Methods = parsed.GetValue(s_methods) ?? s_defaults.Methods,
            Objectives = parsed.GetValue(s_objectives) ?? s_defaults.Objectives,
            BatchSizes = parsed.GetValue(s_batchSizes) ?? s_defaults.BatchSizes,
            Emas = parsed.GetValue(s_emas) ?? s_defaults.Emas,
            Centerings = parsed.GetValue(s_centerings) ?? s_defaults.Centerings,
            Seeds = parsed.GetValue(s_seeds) ?? s_defaults.Seeds,
            Epochs = parsed.GetValue(s_epochs),
            FullGrid = parsed.GetValue(s_fullGrid),
            LearningRate = parsed.GetValue(s_learningRate) ?? Optimizers.DefaultLearningRate(common.Optimizer),
            Training = [.. shared.SelectMany(words => words)],
        };
        int parallel = parsed.GetValue(s_parallel) ?? DefaultParallelism.For(SharedOptions.UseDevice(common.Device, threads: null), common.Threads);
        var plan = new StudyPlan(settings, common.Optimizer);
        if (parallel > 1 && common.Threads is null)
        {
            shared = [.. shared, ["--threads", $"{Math.Max(1, Environment.ProcessorCount / parallel)}"]];
        }
        CellJob[] jobs = Jobs(plan, train, shared);

        ImageData data = DataSource.Load(common.Data, common.TrainImages, settings.Seeds[0]);
        if (data.Train.Count < settings.BatchSizes.Max())
        {
            throw new UsageException(
                $"--batch-sizes has {settings.BatchSizes.Max()}, but {data.Name} has {data.Train.Count} training images; "
                + "smaller batches or more images are wanted.");
        }
        string output = parsed.GetValue(s_output)!;
        using var folder = new StudyFolder(output, settings);
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]{jobs.Length} cells[/] of {settings.Epochs} epochs on {data.Name}, {data.Train.Count:n0} training and {data.Test.Count:n0} test images");
        var display = new StudyDisplay(plan, data.Train.Count, parallel);
        var runner = new StudyRunner(plan, jobs, folder, display);
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

    /// <summary>How each cell is trained: its own options, and the shared ones that have a meaning for its method and objective.</summary>
    /// <exception cref="UsageException">An option that <c>train</c> refuses, or that has a meaning for no cell.</exception>
    private static CellJob[] Jobs(StudyPlan plan, Command train, string[][] shared)
    {
        IReadOnlyList<StudyCell> cells = plan.Cells;
        foreach (string[] option in shared)
        {
            string?[] misfits = [.. cells.Select(cell => TrainingOptions.Misfit(Settings(cell, option)))];
            if (misfits.All(misfit => misfit is not null))
            {
                throw new UsageException(misfits[0]!);
            }
        }
        return
        [
            .. from cell in cells
               let fitting = shared.Where(option => TrainingOptions.Misfit(Settings(cell, option)) is null).SelectMany(option => option).ToArray()
               select new CellJob(cell, [.. Own(cell), .. fitting], Settings(cell, fitting)),
        ];

        string[] Own(StudyCell cell) =>
        [
            "train", "--method", cell.Variant.Method, "--objective", cell.Variant.Objective == Objective.Er ? "er" : "native",
            "--batch-size", $"{cell.Variant.BatchSize}", "--seed", $"{cell.Seed}", "--learning-rate", $"{cell.LearningRate}",
            "--epochs", $"{plan.Settings.Epochs}", "--evaluations", $"{plan.Settings.Epochs}",
            .. cell.Variant.Ema is { } ema ? (string[])["--ema", $"{ema}"] : [],
            .. cell.Variant.Ema is null || shared.Any(option => option[0] == EmaSchedule) ? [] : (string[])[EmaSchedule, "fixed"],
            .. cell.Variant.Centering == false ? (string[])["--no-centering"] : [],
        ];

        TrainingSettings Settings(StudyCell cell, string[] others)
        {
            ParseResult parsed = train.Parse([.. Own(cell)[1..], .. others]);
            return parsed.Errors is [var error, ..] ? throw new UsageException(error.Message) : TrainingOptions.Gather(parsed);
        }
    }

    /// <summary>The options that the command line has, each with its words.</summary>
    private static string[][] Given(ParseResult parsed, IEnumerable<Option> options) =>
    [
        .. from option in options
           let result = parsed.GetResult(option)
           where result is { Implicit: false }
           select (string[])[option.Name, .. result.Tokens.Select(token => token.Value)],
    ];

    private static Option<string?> RequiredOutput()
    {
        Option<string?> output = Options.Text("--output", "Folder for the cells, study.json, the figure and the report.", "DIR");
        output.Required = true;
        return output;
    }
}
