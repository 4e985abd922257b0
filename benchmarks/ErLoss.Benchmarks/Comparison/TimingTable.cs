namespace ErLoss.Benchmarks;

/// <summary>The cells of a comparison's table, for the console and for Markdown.</summary>
internal static class TimingTable
{
    /// <summary>Column heads: sizes, the product, and for each quantity the composed form, the others, and how many times faster they are.</summary>
    public static IEnumerable<string> Head() =>
    [
        "k",
        "d",
        Variant.Product,
        .. Variant.Quantities.SelectMany(quantity => Variant.Forms.SelectMany(form => form == Variant.Composed ? (string[])[$"{quantity}, {form}"] : [$"{quantity}, {form}", "faster"])),
        "entropy, fused ÷ 1.5 products",
    ];

    /// <summary>A row in the order of <see cref="Head"/>.</summary>
    public static IEnumerable<string> Row(Measurements measurements, TimingCase at, bool withQuartiles)
    {
        return
        [
            $"{at.K:n0}",
            $"{at.D}",
            Time(measurements.Find(Variant.Product, at), withQuartiles),
            .. Variant.Quantities.SelectMany(quantity => Variant.Forms.SelectMany(form => Cells($"{quantity} {Variant.Composed}", $"{quantity} {form}"))),
            $"{measurements.Ratio(Variant.Entropy(Variant.Fused), Variant.Product, at) / 1.5:f2}",
        ];

        string[] Cells(string composed, string name) => name == composed
            ? [TimeAndError(measurements.Find(name, at), withQuartiles)]
            : [TimeAndError(measurements.Find(name, at), withQuartiles), Times(measurements.Ratio(composed, name, at))];
    }

    /// <summary>"12.3; 4e-07": a time and the error that comes with it, each where there is one.</summary>
    public static string TimeAndError(Timing? timing, bool withQuartiles) => Time(timing, withQuartiles) + (timing?.Error is { } error ? $"; {error:0e-00}" : "");

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
