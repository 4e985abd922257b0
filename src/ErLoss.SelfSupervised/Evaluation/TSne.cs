using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Evaluation;

/// <summary>
/// t-SNE: places points of many dimensions in a plane so that neighbours stay neighbours (van der Maaten and Hinton, "Visualizing data using t-SNE", JMLR 2008). Every pair of points is
/// computed, without approximation, on one thread; time and memory grow with the square of their number.
/// </summary>
/// <remarks>
/// No random numbers are used, so that the same points have the same map: the places begin at the first two principal components (Kobak and Berens, "The art of using t-SNE for single-cell transcriptomics",
/// Nature Communications 2019). The early exaggeration of 12 is that of Belkina et al., "Automated optimized parameters for t-distributed stochastic neighbor embedding", Nature Communications 2019. The learning
/// rate of n/12 is the same number as theirs, but amounts to four times it, because their gradient lacks the factor 4. Momentum and gains are those of the first paper. Distances between groups, and the sizes of groups, say little.
/// </remarks>
public static class TSne
{
    /// <summary>The usual perplexity: about how many neighbours of a point are to stay near it.</summary>
    public const double DefaultPerplexity = 30;

    private const int ExaggeratedIterations = 250, Iterations = 750;
    private const double Exaggeration = 12, EarlyMomentum = 0.5, Momentum = 0.8, InitialDeviation = 1e-4;
    private const double GainIncrease = 0.2, GainDecrease = 0.8, LeastGain = 0.01;
    private const int LeastNeighboursForEach = 3;

    /// <summary>Places points in a plane.</summary>
    /// <param name="points">(n, d), floating-point and finite. Neighbours are those by Euclidean distance; pass unit rows for neighbours by cosine.</param>
    /// <param name="perplexity">At least 1. Of few points it is (n − 1)/3 at most, and 1 at least.</param>
    /// <param name="cancellation">Checked at each iteration.</param>
    /// <returns>(n, 2), float64, on the CPU, with a mean of zero.</returns>
    /// <exception cref="ArgumentException">The points are not as said above.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The perplexity is not as said above.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static Tensor Embed(Tensor points, double perplexity = DefaultPerplexity, CancellationToken cancellation = default)
    {
        Arguments.CheckRows(points);
        Arguments.CheckFinite(points);
        if (!(perplexity >= 1 && double.IsFinite(perplexity)))
        {
            throw new ArgumentOutOfRangeException(nameof(perplexity), FormattableString.Invariant($"The value is {perplexity}; a finite number of at least 1 is wanted."));
        }
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        int count = checked((int)points.shape[0]);
        Tensor values = points.detach().to(ScalarType.Float64).cpu(), scaled = UnitRows.Scale(values, values.abs().max());
        Tensor start = PrincipalComponents.Project(scaled, 2);
        double[] x = Coordinates(start, 0), y = start.shape[1] > 1 ? Coordinates(start, 1) : new double[count];
        if (count > 2) // the divergence of two points is zero wherever they are
        {
            double[] conditional = TSneSimilarities.Conditional(SquaredDistances(scaled), count, Math.Clamp((count - 1.0) / LeastNeighboursForEach, 1, perplexity), cancellation);
            Shrink(x, y);
            Minimize(new TSneObjective(TSneSimilarities.Joint(conditional, count), count), x, y, cancellation);
        }
        return stack([tensor(x, device: CPU), tensor(y, device: CPU)], 1).MoveToOuterDisposeScope();

        static double[] Coordinates(Tensor places, int column) => places.select(1, column).contiguous().data<double>().ToArray();
    }

    /// <summary>(n, n) row-major: ‖a‖² + ‖b‖² − 2·a·b, which is not negative but for rounding.</summary>
    private static double[] SquaredDistances(Tensor points)
    {
        Tensor centred = points - points.mean([0], keepdim: true), squares = centred.square().sum([1], keepdim: true);
        return (squares + squares.t() - 2 * centred.mm(centred.t())).clamp_min(0).contiguous().data<double>().ToArray();
    }

    /// <summary>Gives the first coordinates a deviation that is so small that the groups form before they push each other away.</summary>
    private static void Shrink(double[] x, double[] y)
    {
        double deviation = Math.Sqrt(x.Sum(value => value * value) / x.Length), factor = deviation > 0 ? InitialDeviation / deviation : 0;
        for (int i = 0; i < x.Length; i++)
        {
            (x[i], y[i]) = (factor * x[i], factor * y[i]);
        }
    }

    private static void Minimize(TSneObjective objective, double[] x, double[] y, CancellationToken cancellation)
    {
        double learningRate = x.Length / Exaggeration;
        Axis first = new(x), second = new(y);
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            cancellation.ThrowIfCancellationRequested();
            bool isEarly = iteration < ExaggeratedIterations;
            objective.Gradient(x, y, isEarly ? Exaggeration : 1, first.Gradient, second.Gradient);
            first.Move(learningRate, isEarly ? EarlyMomentum : Momentum);
            second.Move(learningRate, isEarly ? EarlyMomentum : Momentum);
        }
    }

    /// <summary>One coordinate of all points, with what gradient descent keeps of it.</summary>
    private sealed class Axis(double[] places)
    {
        private readonly double[] _steps = new double[places.Length], _gains = Enumerable.Repeat(1.0, places.Length).ToArray();

        public double[] Gradient { get; } = new double[places.Length];

        /// <summary>Takes a step, with larger gains where it goes on in the same direction, and moves the mean to zero.</summary>
        public void Move(double learningRate, double momentum)
        {
            for (int i = 0; i < places.Length; i++)
            {
                bool turns = Gradient[i] > 0 == _steps[i] > 0; // the last step went against the descent of now
                _gains[i] = turns ? Math.Max(LeastGain, _gains[i] * GainDecrease) : _gains[i] + GainIncrease;
                _steps[i] = momentum * _steps[i] - learningRate * _gains[i] * Gradient[i];
                places[i] += _steps[i];
            }
            double mean = places.Average();
            for (int i = 0; i < places.Length; i++)
            {
                places[i] -= mean;
            }
        }
    }
}
