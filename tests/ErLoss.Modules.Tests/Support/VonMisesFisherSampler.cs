namespace ErLoss.Modules.Tests;

/// <summary>Draws from the von Mises–Fisher distribution.</summary>
internal static class VonMisesFisherSampler
{
    /// <summary>A matrix of draws, row i about row i of <paramref name="meanDirections"/>, all unit rows.</summary>
    public static double[,] Draw(int seed, double[,] meanDirections, double kappa)
    {
        (int rows, int dimension) = (meanDirections.GetLength(0), meanDirections.GetLength(1));
        var random = new Random(seed);
        var draws = new double[rows, dimension];
        for (int i = 0; i < rows; i++)
        {
            double cosine = dimension == 3 ? CosineByInversion(random, kappa) : CosineByRejection(random, dimension, kappa);
            double[] tangent = [.. Enumerable.Range(0, dimension).Select(_ => Tests.Draw.StandardNormal(random))];
            double along = Enumerable.Range(0, dimension).Sum(c => tangent[c] * meanDirections[i, c]);
            for (int c = 0; c < dimension; c++)
            {
                tangent[c] -= along * meanDirections[i, c];
            }
            double length = Math.Sqrt(tangent.Sum(x => x * x));
            for (int c = 0; c < dimension; c++)
            {
                draws[i, c] = cosine * meanDirections[i, c] + Math.Sqrt(1 - cosine * cosine) * tangent[c] / length;
            }
        }
        return draws;
    }

    /// <summary>Draws about the first axis.</summary>
    public static double[,] Draw(int seed, int rows, int dimension, double kappa) =>
        Draw(seed, Matrix.Create(rows, dimension, (_, c) => c == 0 ? 1 : 0), kappa);

    // d = 3: the cosine has density ∝ e^(κw) on [-1, 1], whose distribution function is inverted in closed form.
    private static double CosineByInversion(Random random, double kappa)
    {
        double u = random.NextDouble();
        return Math.Clamp(1 + Math.Log(u + (1 - u) * Math.Exp(-2 * kappa)) / kappa, -1, 1);
    }

    // Wood, "Simulation of the von Mises Fisher distribution", Communications in Statistics 23 (1994) 157-164.
    private static double CosineByRejection(Random random, int dimension, double kappa)
    {
        double m = dimension - 1;
        double b = m / (2 * kappa + Math.Sqrt(4 * kappa * kappa + m * m));
        double x = (1 - b) / (1 + b);
        double bound = kappa * x + m * Math.Log(1 - x * x);
        while (true)
        {
            double first = ChiSquared(random, dimension - 1);
            double beta = first / (first + ChiSquared(random, dimension - 1));
            double cosine = (1 - (1 + b) * beta) / (1 - (1 - b) * beta);
            if (kappa * cosine + m * Math.Log(1 - x * cosine) - bound >= Math.Log(1 - random.NextDouble()))
            {
                return cosine;
            }
        }
    }

    private static double ChiSquared(Random random, int degrees)
    {
        double sum = 0;
        for (int i = 0; i < degrees; i++)
        {
            double normal = Tests.Draw.StandardNormal(random);
            sum += normal * normal;
        }
        return sum;
    }
}
