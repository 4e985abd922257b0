namespace ErLoss.Benchmarks;

/// <summary>One of the things compared.</summary>
/// <param name="Name">What it is, as files and tables call it.</param>
/// <param name="Bytes">About the memory its k×k buffers take at their peak; 0 where it has none.</param>
/// <param name="Run">Does it once. Who calls it has a dispose scope open.</param>
internal sealed record Variant(string Name, long Bytes, Action Run)
{
    public const string Product = "product", Composed = "composed", Fused = "fused";

    /// <summary>The names of both quantities, as <see cref="Entropy"/> and <see cref="Loss"/> begin them.</summary>
    public static readonly IReadOnlyList<string> Quantities = ["entropy", "loss"];

    public static string Entropy(string form) => $"{Quantities[0]} {form}";

    public static string Loss(string form) => $"{Quantities[1]} {form}";
}
