namespace ErLoss.Benchmarks;

/// <summary>The cells of a comparison's table, for the console and for Markdown.</summary>
internal static class TimingTable
{
    /// <summary>Column heads: sizes, the product, and for each quantity its two forms and the ratios.</summary>
    public static IEnumerable<string> Head() =>
    [
        "k",
        "d",
        Variant.Product,
        .. Variant.Quantities.SelectMany(quantity => (string[])[$"{quantity}, composed", $"{quantity}, fused", "faster"]),
        "entropy, fused ÷ 1.5 products",
    ];

    /// <summary>A row in the order of <see cref="Head"/>.</summary>
    public static IEnumerable<string> Row(Measurements measurements, TimingCase at, bool withQuartiles) =>
    [
        $"{at.K:n0}",
        $"{at.D}",
        Time(measurements.Find(Variant.Product, at), withQuartiles),
        .. Variant.Quantities.SelectMany(quantity => (string[])
        [
            Time(measurements.Find($"{quantity} {Variant.Composed}", at), withQuartiles),
            Time(measurements.Find($"{quantity} {Variant.Fused}", at), withQuartiles),
            Times(measurements.Ratio($"{quantity} {Variant.Composed}", $"{quantity} {Variant.Fused}", at)),
        ]),
        $"{measurements.Ratio(Variant.Entropy(Variant.Fused), Variant.Product, at) / 1.5:f2}",
    ];

    /// <summary>"12.3", with its quartiles where wanted, or why there is none.</summary>
    public static string Time(Timing? timing, bool withQuartiles) => timing switch
    {
        null => "",
        { MedianMs: { } median } => withQuartiles ? $"{Digits(median)} ({Digits(timing.Q1!.Value)}–{Digits(timing.Q3!.Value)})" : Digits(median),
        _ => timing.Note!.Split(':')[0],
    };

    /// <summary>"2.1×"; nothing where there is no ratio.</summary>
    public static string Times(double? ratio) => ratio is null ? "" : $"{ratio:f1}×";

    /// <summary>Three significant digits at least.</summary>
    private static string Digits(double value) => value switch
    {
        < 1 => $"{value:f3}",
        < 10 => $"{value:f2}",
        < 100 => $"{value:f1}",
        _ => $"{value:n0}",
    };
}
