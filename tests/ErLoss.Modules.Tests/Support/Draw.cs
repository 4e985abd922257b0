namespace ErLoss.Modules.Tests;

/// <summary>Seeded random matrices, the same on every machine: they come from System.Random and not from torch.</summary>
internal static class Draw
{
    public static double[,] Normal(int seed, int rows, int columns)
    {
        var random = new Random(seed);
        return Matrix.Create(rows, columns, (_, _) => StandardNormal(random));
    }

    public static double[,] Uniform(int seed, int rows, int columns)
    {
        var random = new Random(seed);
        return Matrix.Create(rows, columns, (_, _) => random.NextDouble());
    }

    public static double[,] UnitRows(int seed, int rows, int columns) => Normal(seed, rows, columns).WithUnitRows();

    public static double[,] Probabilities(int seed, int rows, int columns) => Normal(seed, rows, columns).WithSoftmaxRows();

    /// <summary>What a loss of these settings takes: anything where it maps inputs to the support, else points of the support.</summary>
    public static double[,] InputsOf(EntropyReconstructionOptions options, int seed, int rows, int columns) =>
        (options.NormalizeInputs, options.Support) switch
        {
            (true, _) => Normal(seed, rows, columns),
            (false, Modules.Support.Sphere) => UnitRows(seed, rows, columns),
            _ => Probabilities(seed, rows, columns),
        };

    /// <summary>An orthogonal matrix: normal rows, made orthonormal one after the other.</summary>
    public static double[,] Rotation(int seed, int dimension)
    {
        double[,] rows = Normal(seed, dimension, dimension);
        for (int i = 0; i < dimension; i++)
        {
            for (int pass = 0; pass < 2; pass++)
            {
                for (int j = 0; j < i; j++)
                {
                    double product = rows.Dot(i, rows, j);
                    for (int c = 0; c < dimension; c++)
                    {
                        rows[i, c] -= product * rows[j, c];
                    }
                }
            }
            double norm = Math.Sqrt(rows.Dot(i, rows, i));
            for (int c = 0; c < dimension; c++)
            {
                rows[i, c] /= norm;
            }
        }
        return rows;
    }

    public static double StandardNormal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
