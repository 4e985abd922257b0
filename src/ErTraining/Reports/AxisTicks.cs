using System.Globalization;

namespace ErTraining.Reports;

/// <summary>Round numbers along an axis, all written with the same decimals, and the range of the axis.</summary>
/// <param name="First">The first number; the axis begins here or before.</param>
/// <param name="Last">The last number.</param>
/// <param name="Ticks">The numbers with their labels, in order.</param>
internal sealed record AxisTicks(double First, double Last, IReadOnlyList<(double Value, string Label)> Ticks)
{
    private const char Minus = '\u2212';

    private static readonly double[] s_steps = [1, 2, 2.5, 5, 10];

    /// <summary>Numbers that reach from at or below the least value to at or above the greatest.</summary>
    /// <param name="least">Finite, as is <paramref name="greatest"/>.</param>
    /// <param name="greatest">If it is the least too, numbers around it are taken.</param>
    /// <param name="intervals">About how many intervals there are between numbers.</param>
    public static AxisTicks Around(double least, double greatest, int intervals)
    {
        double room = greatest > least ? 0 : Math.Max(Math.Abs(least) / 20, 1e-3);
        (double low, double high) = (least - room, greatest + room);
        double step = Step((high - low) / intervals);
        return Create(Math.Floor(low / step), Math.Ceiling(high / step), step);
    }

    /// <summary>Whole numbers within a range, such as epochs.</summary>
    /// <param name="least">Where the axis begins.</param>
    /// <param name="greatest">Where it ends, above <paramref name="least"/>.</param>
    /// <param name="intervals">The most intervals between numbers.</param>
    public static AxisTicks Whole(int least, int greatest, int intervals)
    {
        double step = Math.Max(1, Step((greatest - least) / (double)intervals));
        step = step == 2.5 ? 5 : step;
        return Create(Math.Ceiling(least / step), Math.Floor(greatest / step), step);
    }

    /// <summary>A number with so many decimals and a true minus sign.</summary>
    public static string Label(double value, int decimals)
    {
        string label = value.ToString($"f{decimals}", CultureInfo.InvariantCulture);
        return label.StartsWith('-') ? label.AsSpan(1).ContainsAnyInRange('1', '9') ? Minus + label[1..] : label[1..] : label;
    }

    /// <summary>A text of numbers with true minus signs.</summary>
    public static string WithMinus(string numbers) => numbers.Replace('-', Minus);

    private static AxisTicks Create(double from, double to, double step)
    {
        int decimals = Decimals(step);
        (double, string)[] ticks = [.. Enumerable.Range(0, (int)(to - from) + 1).Select(i => (from + i) * step).Select(value => (value, Label(value, decimals)))];
        return new AxisTicks(from * step, to * step, ticks);
    }

    /// <summary>The least round step that is as wide as asked, but for rounding.</summary>
    private static double Step(double wanted)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(wanted)));
        return s_steps.First(step => step * power >= wanted * (1 - 1e-9)) * power;
    }

    private static int Decimals(double step) =>
        Enumerable.Range(0, 15).First(decimals => decimals == 14 || Math.Abs(step * Math.Pow(10, decimals) - Math.Round(step * Math.Pow(10, decimals))) < 1e-6 * step * Math.Pow(10, decimals));
}
