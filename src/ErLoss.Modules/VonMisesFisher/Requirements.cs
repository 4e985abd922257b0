namespace ErLoss.Modules;

public static partial class VonMisesFisher
{
    // The order ν = d/2 - 1 of the normaliser's Bessel function, once d and κ are found fit.
    private static double RequireOrder(int dimension, double kappa)
    {
        if (dimension < 2)
        {
            throw new ArgumentOutOfRangeException(
                nameof(dimension), $"The dimension is {dimension}; it must be at least 2.");
        }

        RequirePositive(kappa, nameof(kappa));
        return 0.5 * dimension - 1;
    }

    private static void RequirePositive(double value, string name)
    {
        if (!(value > 0 && double.IsFinite(value)))
        {
            throw new ArgumentOutOfRangeException(name, $"{name} is {value}; it must be positive and finite.");
        }
    }
}
