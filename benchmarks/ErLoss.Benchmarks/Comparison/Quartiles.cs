namespace ErLoss.Benchmarks;

/// <summary>The middle of some measurements and their spread: a quarter of them is below the first, a quarter above the third.</summary>
internal readonly record struct Quartiles(double First, double Median, double Third)
{
    /// <summary>Of at least one value, linear between neighbours.</summary>
    public static Quartiles Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new(At(0.25), At(0.5), At(0.75));

        double At(double fraction)
        {
            double place = fraction * (sorted.Length - 1);
            int below = (int)place, above = Math.Min(below + 1, sorted.Length - 1);
            return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
        }
    }
}
