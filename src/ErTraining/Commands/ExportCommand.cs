using System.CommandLine;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using ErLoss.Training.Checkpoints;
using ErLoss.Training.Data;
using ErLoss.Training.Runs;
using ErTraining.CommandLine;

namespace ErTraining.Commands;

/// <summary><c>export</c>: writes a run's encoder for other programs.</summary>
internal static class ExportCommand
{
    /// <summary>The command as the command line knows it.</summary>
    public static Command Create(Registry registry)
    {
        Option<string?> checkpoint = SharedOptions.Checkpoint();
        checkpoint.Required = true;
        Option<string?> output = Options.Text("--output", "The safetensors file to write.", "FILE");
        output.Required = true;
        var command = new Command("export", "Write the encoder of a run to a safetensors file, with the names of weights that PyTorch uses.") { checkpoint, output };
        command.SetAction(parsed =>
        {
            string file = parsed.GetRequiredValue(output)!;
            OutputFile.Prepare(file);
            (RunSettings settings, string weights) = RunReader.Find(parsed.GetRequiredValue(checkpoint)!, registry);
            using Encoder encoder = registry.CreateEncoder(settings.Encoder);
            ModelWeights.LoadEncoder(weights, encoder);
            FeatureCheck.Require(encoder, ImageSet.Size);
            OutputFile.Write(file, () => EncoderFile.Write(file, encoder));
            long parameters = encoder.parameters().Sum(parameter => parameter.numel());
            Console.WriteLine($"{registry.Document.NameOf(settings.Encoder)}, {parameters:n0} parameters, is in {file}.");
            return ExitCode.Success;
        });
        return command;
    }
}
