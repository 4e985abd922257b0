using System.CommandLine;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErTraining.CommandLine;
using ErTraining.Terminal;

namespace ErTraining.Commands;

/// <summary><c>synthesize</c>: writes the synthetic set as CIFAR-10 binary files.</summary>
internal static class SynthesizeCommand
{
    private const int TrainImagesPerTestImage = 5; // as in CIFAR

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        Option<string?> output = Options.Text("--output", "Folder to write the files to.", "DIR");
        output.Required = true;
        Option<int> images = Options.Number(
            "--images", "Number of training images. A fifth as many test images are written, too.", "N", n => n is >= 5 and <= 50_000, "a whole number from 5 to 50000", 10_000);
        Option<int> seed = Options.Number("--seed", "Seed of the random numbers that the images are drawn with.", "N", n => n >= 0, "a whole number from 0 up", 0);
        var command = new Command("synthesize", "Write synthetic images like those that train uses by default, as binary files in the format of CIFAR-10.") { output, images, seed };
        command.SetAction((parsed, cancellation) =>
        {
            string directory = parsed.GetValue(output)!;
            if (CifarReader.Recognizes(directory))
            {
                throw new DataException($"{directory}: CIFAR files are here already; give another --output, or delete them first.");
            }
            int count = parsed.GetValue(images);
            ImageData data;
            using (var work = new ActivityLine("drawing images"))
            {
                data = SyntheticImages.Create(count, count / TrainImagesPerTestImage, parsed.GetValue(seed), loading: new LoadingProgress(work, cancellation));
            }
            OutputFile.Write(directory, () => CifarWriter.Write(data, directory));
            Console.WriteLine($"{data.Train.Count:n0} training and {data.Test.Count:n0} test images are in {directory}.");
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }
}
