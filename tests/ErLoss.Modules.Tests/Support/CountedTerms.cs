namespace ErLoss.Modules.Tests;

/// <summary>The reconstruction, and the entropy of classes, of rows that count by weights, masks and labels: in double loops over rows, views and pairs.</summary>
internal static class CountedTerms
{
    private const double ReferenceFloor = 1e-7;

    /// <summary>Mean, and a value for each row, zero for one that does not count.</summary>
    public readonly record struct Values(double Mean, double[] Each);

    /// <param name="views">On their support, as are the others.</param>
    /// <param name="targets">If any are given.</param>
    /// <param name="rows">What counts.</param>
    /// <param name="options">Of the loss; the reconstruction's κ is <paramref name="kappa"/>.</param>
    /// <param name="kappa">κ.</param>
    public static Values Reconstruction(double[][,] views, double[][,] targets, CountedRows rows, EntropyReconstructionOptions options, double kappa)
    {
        double logNormalizer = options.Support == Modules.Support.Sphere ? Recomputation.LogNormalizer(views[0].GetLength(1), kappa, options.Normalizer) : 0;
        return Mean(rows, i => rows.Labels is null ? OfPairs(i) : OfPartners(i));

        double? OfPairs(int i)
        {
            double[][,] met = targets.Length == 0 ? views : targets;
            var costs = new List<double>();
            for (int p = 0; p < views.Length; p++)
            {
                for (int t = 0; t < met.Length; t++)
                {
                    if (rows.Targets == 1 || p != t)
                    {
                        costs.Add(Cost(views[p], i, met[t], i));
                    }
                }
            }
            return costs.Average();
        }

        double? OfPartners(int i)
        {
            double total = 0;
            for (int s = 0; s < views.Length; s++)
            {
                double sum = 0, weight = 0;
                for (int t = 0; t < views.Length; t++)
                {
                    for (int j = 0; j < CountedRows.Count; j++)
                    {
                        if (rows.Labels![i] == rows.Labels[j] && !(s == t && rows.AreOne(i, j)) && rows.WeightOf(j) > 0)
                        {
                            sum += rows.WeightOf(j) * Cost(views[s], i, views[t], j);
                            weight += rows.WeightOf(j);
                        }
                    }
                }
                if (weight == 0)
                {
                    return null;
                }
                total += sum / weight / views.Length;
            }
            return total;
        }

        double Cost(double[,] prediction, int i, double[,] target, int j)
        {
            if (options.Support == Modules.Support.Sphere)
            {
                return -kappa * prediction.Dot(i, target, j) - logNormalizer;
            }
            double sum = 0;
            for (int c = 0; c < prediction.GetLength(1); c++)
            {
                sum -= target[j, c] * Math.Log(prediction[i, c] + Floor(options));
            }
            return sum;
        }
    }

    /// <summary>The mean over views.</summary>
    public static Values ClassEntropy(double[][,] views, double[,]? centers, CountedRows rows, EntropyReconstructionOptions options)
    {
        Values[] all = [.. views.Select(view => ClassEntropy(view, centers, rows, options))];
        return new Values(all.Average(values => values.Mean), [.. Enumerable.Range(0, CountedRows.Count).Select(i => all.Average(values => values.Each[i]))]);
    }

    private static Values ClassEntropy(double[,] view, double[,]? centers, CountedRows rows, EntropyReconstructionOptions options)
    {
        int classes = view.GetLength(1);
        var marginal = new double[classes];
        double total = 0;
        for (int i = 0; i < CountedRows.Count; i++)
        {
            Add(rows.WeightOf(i), view, i);
        }
        for (int j = 0; j < (centers?.GetLength(0) ?? 0); j++)
        {
            Add(CountedRows.CenterWeights[j], centers!, j);
        }
        double[] logs = [.. marginal.Select(sum => Math.Log(sum / total + Floor(options)))];
        return options.Estimator == EntropyEstimator.PlugIn
            ? Mean(rows, i => -Enumerable.Range(0, classes).Sum(c => view[i, c] * logs[c]))
            : Mean(rows, _ => -logs.Average());

        void Add(double weight, double[,] matrix, int row)
        {
            total += weight;
            for (int c = 0; c < classes && weight > 0; c++)
            {
                marginal[c] += weight * matrix[row, c];
            }
        }
    }

    private static double Floor(EntropyReconstructionOptions options) => options.Normalizer == Normalizer.Reference ? ReferenceFloor : 0;

    private static Values Mean(CountedRows rows, Func<int, double?> value)
    {
        double sum = 0, weight = 0;
        var each = new double[CountedRows.Count];
        for (int i = 0; i < CountedRows.Count; i++)
        {
            if (rows.WeightOf(i) > 0 && value(i) is double counted)
            {
                each[i] = counted;
                sum += rows.WeightOf(i) * counted;
                weight += rows.WeightOf(i);
            }
        }
        return new Values(weight == 0 ? 0 : sum / weight, each);
    }
}
