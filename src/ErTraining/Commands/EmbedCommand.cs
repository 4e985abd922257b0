using System.CommandLine;
using System.Diagnostics;
using ErLoss.Training;
using ErLoss.Training.Compute;
using ErLoss.Training.Data;
using ErLoss.Training.Embeddings;
using ErTraining.CommandLine;
using ErTraining.Terminal;

namespace ErTraining.Commands;

/// <summary><c>embed</c>: writes the features of all images of a folder to a file, with a table of their paths beside it.</summary>
internal static class EmbedCommand
{
    private const string Extension = ".npy", TableExtension = ".csv";

    /// <summary>The longest time of work that an end of the process can cost.</summary>
    private static readonly TimeSpan s_betweenSaves = TimeSpan.FromSeconds(10);

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create(Registry registry)
    {
        var encoder = new EncoderOptions(registry);
        Option<string?> data = ListedImages.Option("All images in it and in the folders within are used.");
        Option<string?> output = Options.Text("--output", $"File to write the features to, in NumPy's format ({Extension}): a row for each image that is read. A table of the images, in the same order, is written beside it, with the ending {TableExtension}.", $"FILE{Extension}");
        output.Required = true;
        Option<string> type = Options.Choice("--dtype", "Type of the numbers in the file.", "float32", "float32", "float16");
        var command = new Command("embed", "Write the features that a trained encoder gives of all images of a folder. If the command is interrupted or killed, the same command continues where it was.");
        foreach (Option option in (IEnumerable<Option>)[.. encoder.All, data, output, type])
        {
            command.Add(option);
        }
        command.SetAction((parsed, cancellation) => Task.FromResult(OutOfMemory.InOneLine(
            () => Run(parsed, encoder, parsed.GetValue(data)!, parsed.GetValue(output)!, parsed.GetValue(type) == "float16" ? FeatureType.Float16 : FeatureType.Float32, cancellation),
            "a smaller image size needs less memory")));
        return command;
    }

    private static int Run(ParseResult parsed, EncoderOptions options, string data, string output, FeatureType type, CancellationToken cancellation)
    {
        var sinceStart = Stopwatch.StartNew();
        if (!output.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
        {
            throw new UsageException($"--output is {output}; a name that ends in {Extension} is wanted.");
        }
        string table = Path.ChangeExtension(output, TableExtension);
        OutputFile.Prepare(output);
        OutputFile.Prepare(table);
        using ChosenEncoder encoder = options.Load(parsed);
        ImageListing images = ListedImages.Open(encoder, data, cancellation);
        FeatureFile? opened = null;
        OutputFile.Write(output, () => opened = FeatureFile.Open(output, images, encoder.Encoder.FeatureDimension, type, encoder.Fingerprint()));
        using FeatureFile file = opened!;
        int all = images.Images.Count, before = file.Done;
        if (before > 0)
        {
            Console.WriteLine($"The features of {before:n0} of {all:n0} images are there from an earlier start.");
        }
        try
        {
            Compute(encoder, images, file, output, cancellation);
        }
        catch (OperationCanceledException)
        {
            OutputFile.Write(output, file.Save);
            Console.Error.WriteLine($"Interrupted; the features of {file.Done:n0} of {all:n0} images are kept. The same command continues from there.");
            return ExitCode.Interrupted;
        }
        ListedImages.TellLeftOut(images, file.LeftOut, data);
        OutputFile.Write(output, () =>
        {
            HashSet<int> leftOut = [.. file.LeftOut.Select(image => image.Index)];
            ImageTable.Write(table, images.Images.Where((_, index) => !leftOut.Contains(index)));
            file.Finish();
        });
        double perSecond = (all - before) / sinceStart.Elapsed.TotalSeconds;
        Console.WriteLine($"The features of {Quantity.Of(file.Rows, "image")}, {encoder.Encoder.FeatureDimension} numbers each, are in {output}, their paths in {table} ({perSecond:n0} images/s).");
        return ExitCode.Success;
    }

    private static void Compute(ChosenEncoder encoder, ImageListing images, FeatureFile file, string output, CancellationToken cancellation)
    {
        using var work = new ActivityLine("computing features");
        var sinceSave = Stopwatch.StartNew();
        ImageFeatures.Compute(encoder.Encoder, encoder.Preprocessing, encoder.Device, images, file.Done, batch => OutputFile.Write(output, () =>
        {
            file.Append(batch.Features, batch.LeftOut);
            if (sinceSave.Elapsed > s_betweenSaves && file.Done < images.Images.Count)
            {
                file.Save();
                sinceSave.Restart();
            }
        }), work, cancellation);
    }
}
