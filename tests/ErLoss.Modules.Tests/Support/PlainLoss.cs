namespace ErLoss.Modules.Tests;

/// <summary>
/// The loss with equal weights and its gradients in the projections once more, in float64 over plain arrays, by the derivatives of the formulas: nothing of
/// the library and of torch takes part.
/// </summary>
/// <param name="Value">R − ½·(H1 + H2).</param>
/// <param name="Gradient1">In the first view's rows.</param>
/// <param name="Gradient2">In the second view's rows.</param>
internal sealed record PlainLoss(double Value, double[,] Gradient1, double[,] Gradient2)
{
    /// <summary>On the sphere. A row of zeros counts as the zero vector, and has no gradient.</summary>
    public static PlainLoss OnSphere(double[,] first, double[,] second, double kappa, EntropyEstimator estimator, bool leaveOneOut)
    {
        int k = first.GetLength(0);
        (double[,] z1, double[] norms1) = Directions(first);
        (double[,] z2, double[] norms2) = Directions(second);
        (double entropy1, double[,] slopes1) = KernelEntropy(z1, kappa, estimator, leaveOneOut);
        (double entropy2, double[,] slopes2) = KernelEntropy(z2, kappa, estimator, leaveOneOut);
        double meanCosine = Enumerable.Range(0, k).Average(i => z1.Dot(i, z2, i));
        return new PlainLoss(
            -kappa * meanCosine - (entropy1 + entropy2) / 2,
            InRows(z1, norms1, (i, c) => -kappa / k * z2[i, c] - slopes1[i, c] / 2),
            InRows(z2, norms2, (i, c) => -kappa / k * z1[i, c] - slopes2[i, c] / 2));
    }

    /// <summary>On classes, from logits. One of −∞ masks its class, which costs <paramref name="floor"/> where the other view wants it.</summary>
    public static PlainLoss OnClasses(double[,] first, double[,] second, EntropyEstimator estimator, double floor)
    {
        (int k, int d) = (first.GetLength(0), first.GetLength(1));
        (double[,] p1, double[,] logs1) = Softmax(first, floor);
        (double[,] p2, double[,] logs2) = Softmax(second, floor);
        (double entropy1, double[] slopes1) = MarginalEntropy(p1, first, estimator);
        (double entropy2, double[] slopes2) = MarginalEntropy(p2, second, estimator);
        double sum = 0;
        for (int i = 0; i < k; i++)
        {
            for (int c = 0; c < d; c++)
            {
                sum += p1[i, c] * logs2[i, c] + p2[i, c] * logs1[i, c];
            }
        }
        return new PlainLoss(
            -sum / (2 * k) - (entropy1 + entropy2) / 2,
            InLogits(first, p1, p2, logs2, slopes1),
            InLogits(second, p2, p1, logs1, slopes2));
    }

    private static (double[,] Directions, double[] Norms) Directions(double[,] rows)
    {
        (int k, int d) = (rows.GetLength(0), rows.GetLength(1));
        var norms = new double[k];
        for (int i = 0; i < k; i++)
        {
            double largest = Enumerable.Range(0, d).Max(c => Math.Abs(rows[i, c]));
            norms[i] = largest == 0 ? 0 : largest * Math.Sqrt(Enumerable.Range(0, d).Sum(c => Math.Pow(rows[i, c] / largest, 2)));
        }
        return (Matrix.Create(k, d, (i, c) => norms[i] == 0 ? 0 : rows[i, c] / norms[i]), norms);
    }

    private static (double Entropy, double[,] Slopes) KernelEntropy(double[,] z, double kappa, EntropyEstimator estimator, bool leaveOneOut)
    {
        (int k, int d) = (z.GetLength(0), z.GetLength(1));
        double[,] kernels = Matrix.Create(k, k, (i, j) => leaveOneOut && i == j ? 0 : Math.Exp(kappa * z.Dot(i, z, j)));
        double[] sums = [.. Enumerable.Range(0, k).Select(i => Enumerable.Range(0, k).Sum(j => kernels[i, j]))];
        double[] l = [.. sums.Select(sum => Math.Log(sum / (leaveOneOut ? k - 1 : k)))];
        double total = l.Sum(Math.Exp);
        double[] weights = [.. l.Select(log => estimator == EntropyEstimator.Joe ? 1.0 / k : Math.Exp(log) / total)];
        double entropy = -weights.Zip(l, (w, log) => w * log).Sum();
        double[] a = [.. weights.Zip(l, (w, log) => estimator == EntropyEstimator.Joe ? -w : -w * (1 + log + entropy))];
        return (entropy, Matrix.Create(k, d, (i, c) => kappa * Enumerable.Range(0, k).Sum(j => (a[i] / sums[i] + a[j] / sums[j]) * kernels[i, j] * z[j, c])));
    }

    /// <summary>From a gradient g in directions that in rows: (g − z·(z·g))/‖x‖.</summary>
    private static double[,] InRows(double[,] z, double[] norms, Func<int, int, double> gradient)
    {
        (int k, int d) = (z.GetLength(0), z.GetLength(1));
        double[,] g = Matrix.Create(k, d, gradient);
        return Matrix.Create(k, d, (i, c) => norms[i] == 0 ? 0 : (g[i, c] - z[i, c] * g.Dot(i, z, i)) / norms[i]);
    }

    private static (double[,] Probabilities, double[,] Logs) Softmax(double[,] logits, double floor)
    {
        (int k, int d) = (logits.GetLength(0), logits.GetLength(1));
        double LogSum(int i)
        {
            double largest = Enumerable.Range(0, d).Max(c => logits[i, c]);
            return largest + Math.Log(Enumerable.Range(0, d).Sum(c => Math.Exp(logits[i, c] - largest)));
        }
        double[,] logs = Matrix.Create(k, d, (i, c) => logits[i, c] - LogSum(i));
        return (logs.Select(Math.Exp), logs.Select(log => double.IsNegativeInfinity(log) ? floor : log));
    }

    private static (double Entropy, double[] Slopes) MarginalEntropy(double[,] p, double[,] logits, EntropyEstimator estimator)
    {
        (int k, int d) = (p.GetLength(0), p.GetLength(1));
        int[] counted = [.. Enumerable.Range(0, d).Where(c => Enumerable.Range(0, k).Any(i => !double.IsNegativeInfinity(logits[i, c])))];
        double[] marginal = [.. Enumerable.Range(0, d).Select(c => Enumerable.Range(0, k).Average(i => p[i, c]))];
        var slopes = new double[d];
        double entropy = 0;
        foreach (int c in counted)
        {
            double weight = estimator == EntropyEstimator.Joe ? 1.0 / counted.Length : marginal[c];
            entropy -= weight * Math.Log(marginal[c]);
            slopes[c] = estimator == EntropyEstimator.Joe ? -weight / (marginal[c] * k) : -(Math.Log(marginal[c]) + 1) / k;
        }
        return (entropy, slopes);
    }

    private static double[,] InLogits(double[,] logits, double[,] p, double[,] other, double[,] otherLogs, double[] slopes)
    {
        (int k, int d) = (p.GetLength(0), p.GetLength(1));
        double InProbability(int i, int c) => -otherLogs[i, c] / (2 * k) - slopes[c] / 2;
        double InLog(int i, int c) => double.IsNegativeInfinity(logits[i, c]) ? 0 : -other[i, c] / (2 * k);
        return Matrix.Create(k, d, (i, c) =>
            p[i, c] * (InProbability(i, c) - Enumerable.Range(0, d).Sum(e => p[i, e] * InProbability(i, e)))
            + InLog(i, c) - p[i, c] * Enumerable.Range(0, d).Sum(e => InLog(i, e)));
    }
}
