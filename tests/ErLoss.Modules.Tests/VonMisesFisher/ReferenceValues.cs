using System.Globalization;

namespace ErLoss.Modules.Tests;

/// <summary>The rows of reference-values.csv, computed by reference_values.py beside it.</summary>
internal static class ReferenceValues
{
    /// <summary>The guarantee of every public function: relative where the value is at least 1, absolute elsewhere.</summary>
    public const double Tolerance = 1e-12;

    private static readonly string[][] Table = Read();

    /// <summary>The points at which <paramref name="column"/> has a value.</summary>
    public static IEnumerable<(double Order, double X, double Value)> Of(string column)
    {
        int index = Array.IndexOf(Table[0], column);
        return Table.Skip(1).Where(row => row[index].Length > 0).Select(row => (Parse(row[0]), Parse(row[1]), Parse(row[index])));
    }

    /// <summary>Asserts that a function of dimension and κ is within <see cref="Tolerance"/> of a column everywhere.</summary>
    public static void AssertReproducedBy(Func<int, double, double> function, string column) =>
        AssertReproducedBy((order, x) => function((int)(2 * order + 2), x), column, value => Math.Max(1, Math.Abs(value)));

    /// <summary>Asserts that every error, in units of <paramref name="scale"/> of the value, is within the tolerance.</summary>
    public static void AssertReproducedBy(Func<double, double, double> function, string column, Func<double, double> scale)
    {
        var errors = Of(column)
            .Select(point => (point.Order, point.X, Error: Math.Abs(function(point.Order, point.X) - point.Value) / scale(point.Value)))
            .ToList();
        Assert.That(errors, Has.Count.GreaterThan(500));
        Assert.That(errors.Where(point => !(point.Error <= Tolerance)), Is.Empty);
    }

    private static double Parse(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static string[][] Read()
    {
        var assembly = typeof(ReferenceValues).Assembly;
        string name = assembly.GetManifestResourceNames().Single(name => name.EndsWith("reference-values.csv", StringComparison.Ordinal));
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd('\r').Split(','))];
    }
}
