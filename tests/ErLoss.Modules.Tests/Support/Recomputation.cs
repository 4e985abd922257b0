namespace ErLoss.Modules.Tests;

/// <summary>The loss and its terms once more, in double loops over arrays, as docs and paper write the formulas.</summary>
internal static class Recomputation
{
    private const double Floor = 1e-7;

    public static TermValues Terms(double[,] projection1, double[,] projection2, EntropyReconstructionOptions options)
    {
        (double[,] first, double[,] second) = (OnSupport(projection1, options), OnSupport(projection2, options));
        double EntropyOverViews(EntropyReconstructionOptions settings) => (Entropy(first, settings) + Entropy(second, settings)) / 2;
        double entropy = EntropyOverViews(options);
        double reconstruction = Reconstruction(first, second, options);
        return new TermValues(
            options.ReconstructionWeight * reconstruction - options.EntropyWeight * entropy,
            entropy,
            reconstruction,
            EntropyOverViews(options with { LeaveOneOut = false }) - reconstruction);
    }

    public static double[,] OnSupport(double[,] projection, EntropyReconstructionOptions options) =>
        (options.NormalizeInputs, options.Support) switch
        {
            (false, _) => projection,
            (true, Modules.Support.Sphere) => projection.WithUnitRows(),
            _ => projection.WithSoftmaxRows(),
        };

    public static double Entropy(double[,] embeddings, EntropyReconstructionOptions options) =>
        options.Support == Modules.Support.Sphere ? SphereEntropy(embeddings, options) : DiscreteEntropy(embeddings, options);

    public static double Reconstruction(double[,] first, double[,] second, EntropyReconstructionOptions options) =>
        options.Support == Modules.Support.Sphere
            ? SphereReconstruction(first, second, options)
            : DiscreteReconstruction(first, second, options.Normalizer);

    /// <summary>log C_d(κ) = (d/2−1)·log κ − (d/2)·log 2π − log I_{d/2−1}(κ); the reference code has log(I + 1e-7).</summary>
    public static double LogNormalizer(int dimension, double kappa, Normalizer normalizer)
    {
        double order = dimension / 2.0 - 1;
        double logBessel = VonMisesFisher.LogBesselI(order, kappa);
        if (normalizer == Normalizer.Reference)
        {
            // For a Bessel function too large for a double the floor is nothing.
            logBessel = logBessel < 700 ? Math.Log(Math.Exp(logBessel) + Floor) : logBessel;
        }
        return order * Math.Log(kappa) - dimension / 2.0 * Math.Log(2 * Math.PI) - logBessel;
    }

    private static double SphereEntropy(double[,] embeddings, EntropyReconstructionOptions options)
    {
        int rows = embeddings.GetLength(0);
        double logNormalizer = LogNormalizer(embeddings.GetLength(1), options.Kappa, options.Normalizer);
        var logDensities = new double[rows];
        for (int i = 0; i < rows; i++)
        {
            var exponents = new List<double>();
            for (int j = 0; j < rows; j++)
            {
                if (!(options.LeaveOneOut && i == j))
                {
                    exponents.Add(options.Kappa * embeddings.Dot(i, embeddings, j));
                }
            }
            double largest = exponents.Max();
            double sum = exponents.Sum(exponent => Math.Exp(exponent - largest));
            logDensities[i] = logNormalizer - Math.Log(exponents.Count) + largest + Math.Log(sum);
        }
        if (options.Estimator == EntropyEstimator.Joe)
        {
            return -logDensities.Sum() / rows;
        }
        double highest = logDensities.Max();
        double total = logDensities.Sum(logDensity => Math.Exp(logDensity - highest));
        return -logDensities.Sum(logDensity => Math.Exp(logDensity - highest) / total * logDensity);
    }

    private static double SphereReconstruction(double[,] first, double[,] second, EntropyReconstructionOptions options)
    {
        int rows = first.GetLength(0);
        double logNormalizer = LogNormalizer(first.GetLength(1), options.Kappa, options.Normalizer);
        double sum = 0;
        for (int i = 0; i < rows; i++)
        {
            sum += options.Kappa * first.Dot(i, second, i) + logNormalizer;
        }
        return -sum / rows;
    }

    private static double DiscreteEntropy(double[,] distributions, EntropyReconstructionOptions options)
    {
        (int rows, int classes) = (distributions.GetLength(0), distributions.GetLength(1));
        double entropy = 0;
        for (int c = 0; c < classes; c++)
        {
            double marginal = 0;
            for (int i = 0; i < rows; i++)
            {
                marginal += distributions[i, c] / rows;
            }
            double weight = options.Estimator == EntropyEstimator.Joe ? 1.0 / classes : marginal;
            entropy -= WeightedLog(weight, marginal, options.Normalizer);
        }
        return entropy;
    }

    private static double DiscreteReconstruction(double[,] first, double[,] second, Normalizer normalizer)
    {
        (int rows, int classes) = (first.GetLength(0), first.GetLength(1));
        double sum = 0;
        for (int i = 0; i < rows; i++)
        {
            for (int c = 0; c < classes; c++)
            {
                sum += WeightedLog(first[i, c], second[i, c], normalizer) + WeightedLog(second[i, c], first[i, c], normalizer);
            }
        }
        return -0.5 * sum / rows;
    }

    /// <summary>w·log p, where 0·log 0 is 0.</summary>
    private static double WeightedLog(double weight, double probability, Normalizer normalizer) =>
        weight == 0 ? 0 : weight * Math.Log(normalizer == Normalizer.Reference ? probability + Floor : probability);
}
