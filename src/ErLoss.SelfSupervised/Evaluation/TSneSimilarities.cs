namespace ErLoss.SelfSupervised.Evaluation;

/// <summary>
/// How similar points are, as probabilities (van der Maaten and Hinton 2008, section 2): p(j|i) is proportional to exp(−βᵢ·‖xᵢ − xⱼ‖²), with βᵢ such that exp of the entropy of row i is the perplexity,
/// and pᵢⱼ = (p(j|i) + p(i|j)) / 2n.
/// </summary>
internal static class TSneSimilarities
{
    private const int MostSteps = 200;
    private const double EntropyTolerance = 1e-7;

    /// <summary>The conditional probabilities p(j|i), (n, n) row-major; each row adds up to 1, with 0 on the diagonal.</summary>
    /// <param name="squaredDistances">(n, n) row-major, with n at least 2.</param>
    /// <param name="count">n.</param>
    /// <param name="perplexity">From 1 to n − 1. A row of ties may not reach it; such a row then gets the nearest that it can have.</param>
    /// <param name="cancellation">Checked at each row.</param>
    public static double[] Conditional(double[] squaredDistances, int count, double perplexity, CancellationToken cancellation = default)
    {
        double[] probabilities = new double[(long)count * count];
        double wanted = Math.Log(perplexity);
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            FillRow(squaredDistances.AsSpan(i * count, count), i, wanted, probabilities.AsSpan(i * count, count));
        }
        return probabilities;
    }

    /// <summary>The joint probabilities pᵢⱼ, (n, n) row-major: symmetric, adding up to 1.</summary>
    /// <param name="conditional">See <see cref="Conditional"/>.</param>
    /// <param name="count">n.</param>
    public static double[] Joint(double[] conditional, int count)
    {
        double[] joint = new double[conditional.Length];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                joint[i * count + j] = joint[j * count + i] = (conditional[i * count + j] + conditional[j * count + i]) / (2.0 * count);
            }
        }
        return joint;
    }

    /// <summary>Finds β by doubling and halving until its interval is known, and then by bisection: the entropy falls as β grows.</summary>
    private static void FillRow(ReadOnlySpan<double> distances, int self, double wanted, Span<double> row)
    {
        double nearest = double.PositiveInfinity, sum = 0;
        for (int j = 0; j < distances.Length; j++)
        {
            if (j != self)
            {
                nearest = Math.Min(nearest, distances[j]);
                sum += distances[j];
            }
        }
        double spread = sum / (distances.Length - 1) - nearest;
        double beta = spread > 0 ? 1 / spread : 1, low = 0, high = double.PositiveInfinity;
        for (int step = 0; step < MostSteps; step++)
        {
            double excess = Entropy(distances, self, nearest, beta, row) - wanted;
            if (Math.Abs(excess) <= EntropyTolerance)
            {
                return;
            }
            (low, high) = excess > 0 ? (beta, high) : (low, beta);
            double next = double.IsInfinity(high) ? 2 * beta : (low + high) / 2;
            if (next == beta || double.IsInfinity(next))
            {
                return;
            }
            beta = next;
        }
    }

    /// <summary>Fills a row of probabilities and gives its entropy, in nats. Distances count from the nearest, so that the largest exponential is 1.</summary>
    private static double Entropy(ReadOnlySpan<double> distances, int self, double nearest, double beta, Span<double> row)
    {
        double sum = 0, weighted = 0;
        for (int j = 0; j < row.Length; j++)
        {
            double distance = distances[j] - nearest, p = j == self ? 0 : Math.Exp(-beta * distance);
            row[j] = p;
            sum += p;
            weighted += p * distance;
        }
        for (int j = 0; j < row.Length; j++)
        {
            row[j] /= sum;
        }
        return Math.Log(sum) + beta * weighted / sum;
    }
}
