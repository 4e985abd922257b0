using System.CommandLine;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using ErLoss.Training.Checkpoints;
using ErLoss.Training.Runs;
using ErTraining.CommandLine;

namespace ErTraining.Commands;

/// <summary><c>export</c>: writes a run's encoder for other programs.</summary>
internal static class ExportCommand
{
    private const string Safetensors = "safetensors", Onnx = "onnx";

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create(Registry registry)
    {
        Option<string?> checkpoint = SharedOptions.Checkpoint();
        checkpoint.Required = true;
        Option<string?> output = Options.Text("--output", "The file to write.", "FILE");
        output.Required = true;
        Option<string> format = Options.Choice(
            "--format", $"{Safetensors}: the weights, with the names that PyTorch uses. {Onnx}: the network with its preprocessing, for ONNX Runtime and other programs without libtorch.", Safetensors, Safetensors, Onnx);
        var command = new Command("export", "Write the encoder of a run to a file for other programs.") { checkpoint, output, format };
        command.SetAction(parsed =>
        {
            string file = parsed.GetRequiredValue(output)!;
            string chosen = parsed.GetValue(format)!, ending = Path.GetExtension(file).TrimStart('.').ToLowerInvariant();
            if (ending != chosen && ending is (Safetensors or Onnx))
            {
                throw new UsageException($"--output is {file}, but the format is {chosen}; --format {ending}, or a name with another ending, is wanted.");
            }
            OutputFile.Prepare(file);
            (RunSettings settings, string weights) = RunReader.Find(parsed.GetRequiredValue(checkpoint)!, registry);
            using Encoder encoder = registry.CreateEncoder(settings.Encoder, settings.Data.ImageSize, ModelWeights.FileIn(weights));
            ModelWeights.LoadEncoder(weights, encoder);
            EncoderOptions.RequireRightFeatures(encoder, settings.Preprocessing.ImageSize);
            if (chosen == Onnx)
            {
                WriteOnnx(file, encoder, settings.Preprocessing);
            }
            else
            {
                OutputFile.Write(file, () => EncoderFile.Write(file, encoder, settings.Preprocessing));
            }
            long parameters = encoder.parameters().Sum(parameter => parameter.numel());
            Console.WriteLine($"{WeightsLines.Describe(registry.Document.NameOf(settings.Encoder), encoder)}, {parameters:n0} parameters, is in {file}.");
            return ExitCode.Success;
        });
        return command;
    }

    private static void WriteOnnx(string file, Encoder encoder, ImagePreprocessing preprocessing)
    {
        try
        {
            OutputFile.Write(file, () => OnnxFile.Write(file, encoder, preprocessing));
        }
        catch (NotSupportedException e)
        {
            throw new DataException(e.Message, e);
        }
    }
}
