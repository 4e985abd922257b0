using FsCheck;
using FsCheck.Fluent;

namespace ErLoss.Modules.Tests;

/// <summary>Properties, checked on random settings and batches; the same ones on every run.</summary>
internal static class RandomCases
{
    private const int Count = 100;

    /// <summary>Settings, and two batches that suit them.</summary>
    public sealed record Batch(EntropyReconstructionOptions Options, int Seed, double[,] Projection1, double[,] Projection2)
    {
        public int Rows => Projection1.GetLength(0);

        public int Columns => Projection1.GetLength(1);

        public override string ToString() => $"seed {Seed}, {Rows} × {Columns}, {Options}";
    }

    /// <summary>Asserts <paramref name="property"/> of batches whose settings pass <paramref name="filter"/>.</summary>
    public static void Check(Func<EntropyReconstructionOptions, bool> filter, Action<Batch> property) =>
        Prop.ForAll(Batches(filter).ToArbitrary(), property).Check(Config.QuickThrowOnFailure.WithReplay(2307, 10907).WithMaxTest(Count));

    private static Gen<Batch> Batches(Func<EntropyReconstructionOptions, bool> filter) =>
        from options in Gen.Elements(Combinations.All.Where(filter))
        from tenthsOfDecade in Gen.Choose(-20, 20)
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from rows in Gen.Choose(2, 7)
        from columns in Gen.Choose(2, 9)
        select Make(options with { Kappa = Math.Pow(10, tenthsOfDecade / 10.0) }, seed, rows, columns);

    private static Batch Make(EntropyReconstructionOptions options, int seed, int rows, int columns) =>
        new(options, seed, Draw.InputsOf(options, seed, rows, columns), Draw.InputsOf(options, seed + 1, rows, columns));
}
