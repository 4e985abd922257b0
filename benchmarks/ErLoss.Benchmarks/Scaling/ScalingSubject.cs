using ErLoss.Training;

namespace ErLoss.Benchmarks;

/// <summary>What is measured.</summary>
/// <param name="Device">As <c>--device</c> has it.</param>
/// <param name="Method">Of the steps.</param>
/// <param name="Objective">Of the steps.</param>
/// <param name="Encoder">Of the steps.</param>
/// <param name="Dimension">Of the loss's rows.</param>
internal sealed record ScalingSubject(string Device, string Method, string Objective, string Encoder, int Dimension)
{
    /// <summary>The options that give it again.</summary>
    public IEnumerable<string> Options => ["--device", Device, "--method", Method, "--objective", Objective, "--encoder", Encoder, "--d", $"{Dimension}"];

    /// <summary>The settings of training steps.</summary>
    /// <param name="batch">Images of a batch.</param>
    public RunSettings Settings(int batch) =>
        FreshRun.Compose(Registry.Default, [("method", Method), ("objective", Objective), ("encoder", Encoder), ("batch_size", $"{batch}")]);
}
