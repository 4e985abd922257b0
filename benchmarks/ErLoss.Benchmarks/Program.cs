using BenchmarkDotNet.Running;

namespace ErLoss.Benchmarks;

/// <summary>Runs the benchmarks that the command line picks; <c>--help</c> says how.</summary>
internal static class BenchmarkProgram
{
    private static void Main(string[] args) => BenchmarkSwitcher.FromAssembly(typeof(BenchmarkProgram).Assembly).Run(args);
}
