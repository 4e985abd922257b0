using System.CommandLine;
using ErLoss.Training;
using ErTraining.CommandLine;

namespace ErLoss.Benchmarks;

/// <summary>What <c>scaling</c> and its ranks measure, as options.</summary>
internal sealed class ScalingOptions
{
    private readonly Option<string?> _device = Options.Text("--device", "Where each rank computes; the GPUs of the machine go to its ranks in turns.", "cpu|cuda", "cpu");
    private readonly Option<string> _method = Options.Choice("--method", "Method that is trained.", "simclr", Registry.Default.Methods.Keys);
    private readonly Option<string> _objective = Options.Choice("--objective", "Its loss: its own or entropy and reconstruction.", "er", "er", "native");
    private readonly Option<string> _encoder = Options.Choice("--encoder", "Encoder network.", "convnet", Registry.Default.Encoders);
    private readonly Option<int> _dimension = Options.Number("--d", "Dimension of the rows of the loss.", "N", n => n is >= 2 and <= 65536, "a whole number from 2 to 65536", 128);

    /// <summary><c>--threads</c>.</summary>
    public static Option<int> Threads() => Options.Number("--threads", "Threads of each rank.", "N", n => n is >= 1 and <= 1024, "a whole number from 1 to 1024", 1);

    /// <summary>Lets a command have them.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_device, _method, _objective, _encoder, _dimension])
        {
            command.Add(option);
        }
    }

    /// <summary>What they say.</summary>
    public ScalingSubject Read(ParseResult parsed) => new(
        parsed.GetValue(_device)!, parsed.GetValue(_method)!, parsed.GetValue(_objective)!, parsed.GetValue(_encoder)!, parsed.GetValue(_dimension));
}
