namespace ErLoss.Benchmarks;

/// <summary>One of the things compared.</summary>
/// <param name="Name">What it is, as files and tables call it.</param>
/// <param name="Buffers">How many buffers that grow with k² it holds at its peak.</param>
/// <param name="BufferBytes">The size of one.</param>
/// <param name="Run">Does it once. Who calls it has a dispose scope open.</param>
/// <param name="Error">The error of the gradient that it left last, if that is known; see <see cref="GradientTruth"/>.</param>
internal sealed record Variant(string Name, int Buffers, long BufferBytes, Action Run, Func<double?>? Error = null)
{
    public const string Product = "product", Composed = "composed", Fused = "fused";

    /// <summary>The names of the evaluations that are compared, the composed form first.</summary>
    public static readonly IReadOnlyList<string> Forms = [.. LossForm.Evaluations.Select(LossForm.NameOf)];

    public long Bytes => Buffers * BufferBytes;

    /// <summary>The names of both quantities, as <see cref="Entropy"/> and <see cref="Loss"/> begin them.</summary>
    public static readonly IReadOnlyList<string> Quantities = ["entropy", "loss"];

    public static string Entropy(string form) => $"{Quantities[0]} {form}";

    public static string Loss(string form) => $"{Quantities[1]} {form}";
}
