using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>Kinds of rows on the sphere that errors are measured on, (k, d) in float64 on the host.</summary>
internal static class RowKinds
{
    private const int Clusters = 10, RowsToAStray = 8;

    /// <summary>Names, and what draws rows of a kind.</summary>
    public static IReadOnlyList<(string Name, Func<int, int, Generator, Tensor> Draw)> All { get; } =
    [
        ("spread", (k, d, generator) => Unit(Normal(k, d, generator))),
        ("ten clusters", (k, d, generator) => Unit(Unit(Normal(Clusters, d, generator))[randint(Clusters, [k], device: CPU, generator: generator)] + 0.08 * Normal(k, d, generator))),
        ("near pairs, 0.001 apart", (k, d, generator) => Unit(Unit(Normal((k + 1) / 2, d, generator)).repeat_interleave(2, 0)[..k] + 1e-3 * Unit(Normal(k, d, generator)))),
        ("a cluster and its opposite", (k, d, generator) =>
        {
            Tensor cluster = Cluster(k - 1, d, generator);
            return cat([-Unit(cluster.mean([0], keepdim: true)), cluster]);
        }),
        ("a cluster and strays", (k, d, generator) => cat([Unit(Normal(k / RowsToAStray, d, generator)), Cluster(k - k / RowsToAStray, d, generator)])),
    ];

    private static Tensor Cluster(int k, int d, Generator generator) => Unit(Unit(Normal(1, d, generator)) + 0.3 * Unit(Normal(k, d, generator)));

    private static Tensor Normal(int k, int d, Generator generator) => randn(k, d, dtype: ScalarType.Float64, device: CPU, generator: generator);

    private static Tensor Unit(Tensor rows) => nn.functional.normalize(rows, dim: 1);
}
