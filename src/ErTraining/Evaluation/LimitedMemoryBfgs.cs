using static TorchSharp.torch;

namespace ErTraining.Evaluation;

/// <summary>
/// L-BFGS (Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", 1989) for smooth, strictly convex
/// functions, of which every step has positive curvature, so that halving the step until it lowers the function enough is search enough.
/// </summary>
internal static class LimitedMemoryBfgs
{
    private const int Memory = 10;
    private const double SufficientDecrease = 1e-4, ShortestStep = 1e-12;

    /// <summary>Where a search ended: at the minimum if it converged.</summary>
    public readonly record struct Minimum(Tensor Point, int Iterations, bool Converged);

    /// <summary>Searches until no component of the gradient is above the tolerance.</summary>
    /// <param name="objective">Value and gradient, float64, at a point.</param>
    /// <param name="precondition">
    /// The inverse Hessian that is assumed at the start, applied to a vector; symmetric and positive. After each step it is scaled to the curvature seen along that step
    /// (Nocedal and Wright, "Numerical Optimization", 2006, equation 7.20): where the Hessian has become much smaller than assumed, steps would stay far too short.
    /// </param>
    /// <param name="start">The first point, of any shape.</param>
    /// <param name="tolerance">Positive.</param>
    /// <param name="mostIterations">When to give up.</param>
    /// <param name="cancellation">Heeded between iterations.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static Minimum Minimize(
        Func<Tensor, (double Value, Tensor Gradient)> objective,
        Func<Tensor, Tensor> precondition,
        Tensor start,
        double tolerance,
        int mostIterations,
        CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        var pairs = new List<Pair>(Memory + 1);
        Tensor point = start.clone();
        (double value, Tensor gradient) = objective(point);
        int iterations = 0;
        bool stuck = false;
        while (!IsSmall(gradient, tolerance) && !stuck && iterations < mostIterations)
        {
            cancellation.ThrowIfCancellationRequested();
            using var iteration = NewDisposeScope();
            Tensor direction = Direction(gradient, pairs, precondition);
            double slope = Dot(direction, gradient), length = 1;
            Tensor nextPoint = point + direction;
            (double nextValue, Tensor nextGradient) = objective(nextPoint);
            while (!(nextValue <= value + SufficientDecrease * length * slope) && !stuck)
            {
                length /= 2;
                stuck = length < ShortestStep;
                nextPoint = point + length * direction;
                (nextValue, nextGradient) = objective(nextPoint);
            }
            if (!stuck)
            {
                Remember(pairs, nextPoint - point, nextGradient - gradient, precondition);
                point.Dispose();
                gradient.Dispose();
                (point, gradient, value) = (nextPoint.MoveToOuterDisposeScope(), nextGradient.MoveToOuterDisposeScope(), nextValue);
                iterations++;
            }
        }
        return new Minimum(point.MoveToOuterDisposeScope(), iterations, IsSmall(gradient, tolerance));
    }

    /// <summary>The two-loop recursion.</summary>
    private static Tensor Direction(Tensor gradient, List<Pair> pairs, Func<Tensor, Tensor> precondition)
    {
        Tensor direction = -gradient;
        double[] weights = new double[pairs.Count];
        for (int i = pairs.Count - 1; i >= 0; i--)
        {
            weights[i] = Dot(pairs[i].Step, direction) / pairs[i].Curvature;
            direction.sub_(weights[i] * pairs[i].Change);
        }
        direction = precondition(direction).mul_(pairs.Count > 0 ? pairs[^1].Scale : 1);
        for (int i = 0; i < pairs.Count; i++)
        {
            direction.add_((weights[i] - Dot(pairs[i].Change, direction) / pairs[i].Curvature) * pairs[i].Step);
        }
        return direction;
    }

    private static void Remember(List<Pair> pairs, Tensor step, Tensor change, Func<Tensor, Tensor> precondition)
    {
        double curvature = Dot(step, change);
        if (curvature > 0) // else it is lost in rounding
        {
            double scale = curvature / Dot(change, precondition(change));
            pairs.Add(new Pair(step.MoveToOuterDisposeScope(), change.MoveToOuterDisposeScope(), curvature, scale));
        }
        if (pairs.Count > Memory)
        {
            pairs[0].Step.Dispose();
            pairs[0].Change.Dispose();
            pairs.RemoveAt(0);
        }
    }

    private static bool IsSmall(Tensor gradient, double tolerance)
    {
        using var scope = NewDisposeScope();
        return gradient.abs().max().item<double>() <= tolerance;
    }

    private static double Dot(Tensor left, Tensor right)
    {
        using var scope = NewDisposeScope();
        return (left * right).sum().item<double>();
    }

    /// <summary>A step taken, how the gradient changed over it, their product, and by what to scale the assumed inverse Hessian for it to agree with them.</summary>
    private readonly record struct Pair(Tensor Step, Tensor Change, double Curvature, double Scale);
}
