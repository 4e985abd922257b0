using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Evaluation;

/// <summary>
/// L-BFGS (Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", 1989) for smooth functions of a matrix. The search is MathNet's and runs on
/// the host; values and gradients are computed on the device of the tensors.
/// </summary>
internal static class LimitedMemoryBfgs
{
    private const int PairsKept = 10;

    /// <summary>Where a search ended: at the minimum if it converged.</summary>
    public readonly record struct Minimum(Tensor Point, int Iterations, bool Converged);

    /// <summary>Searches until no component of the gradient is above the tolerance.</summary>
    /// <remarks>
    /// MathNet assumes that the inverse Hessian is a multiple of the identity, which it takes from the curvature along its last step. The search is therefore for the Z of a
    /// point start + R·Z, in which the given inverse Hessian R·Rᵀ is the identity. For 2,570 weights on features of 10,000 CIFAR-10 images and a penalty of 1e-4 this takes
    /// 58 iterations; a search for the point itself takes 1,054. MathNet's BfgsMinimizer, which keeps the whole inverse Hessian, takes 94
    /// iterations at a penalty of 1e-2 where this takes 67, and forty times the time.
    /// </remarks>
    /// <param name="objective">Value and gradient, float64, at a point.</param>
    /// <param name="root">R, (rows, rows), invertible: R·Rᵀ is the inverse Hessian that is assumed at the start, for each column of the point alike, up to a factor.</param>
    /// <param name="start">The first point, (rows, columns), float64.</param>
    /// <param name="tolerance">Positive.</param>
    /// <param name="mostIterations">The number of iterations after which the search gives up.</param>
    /// <param name="onIteration">Called once for each iteration.</param>
    /// <param name="cancellation">Checked before each evaluation of the objective.</param>
    /// <returns>The point where the search converged; else the one of the least value that it saw.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static Minimum Minimize(
        Func<Tensor, (double Value, Tensor Gradient)> objective,
        Tensor root,
        Tensor start,
        double tolerance,
        int mostIterations,
        Action? onIteration,
        CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        Tensor transposed = root.t().contiguous();
        Vector<double> best = Vector<double>.Build.Dense((int)start.numel());
        double least = double.PositiveInfinity, steepest = double.PositiveInfinity; // value and largest component of the gradient there
        // A gradient in Z of this length or less has no component above the tolerance at the point: MathNet stops there, whatever it is told otherwise.
        double length = tolerance / linalg.inv(root).square().sum([0]).max().sqrt().item<double>();
        var minimizer = new Minimizer(() => steepest <= tolerance, length, mostIterations, onIteration);
        int iterations;
        try
        {
            iterations = Math.Min(minimizer.FindMinimum(ObjectiveFunction.Gradient(At), best).Iterations, mostIterations);
        }
        catch (OptimizationException) // the value or the gradient is not a number, or rounding hides every descent
        {
            iterations = minimizer.StepsTried;
        }
        return new Minimum(Point(best).MoveToOuterDisposeScope(), iterations, steepest <= tolerance);

        (double, Vector<double>) At(Vector<double> z)
        {
            cancellation.ThrowIfCancellationRequested();
            using var evaluation = NewDisposeScope();
            (double value, Tensor gradient) = objective(Point(z));
            double largest = gradient.abs().max().item<double>();
            if (steepest > tolerance && (value < least || largest <= tolerance)) // where the search converged it is over, though its line may still be searched
            {
                (best, least, steepest) = (z, value, largest);
            }
            return (value, Vector<double>.Build.Dense(transposed.mm(gradient).cpu().data<double>().ToArray()));
        }

        Tensor Point(Vector<double> z) => start + root.mm(tensor(z.ToArray(), start.shape, device: start.device));
    }

    /// <summary>MathNet's, which asks whether the search is over in place of looking for small components of the gradient in Z.</summary>
    private sealed class Minimizer(Func<bool> isOver, double tolerance, int mostIterations, Action? onIteration)
        : LimitedMemoryBfgsMinimizer(tolerance, parameterTolerance: 0, functionProgressTolerance: 0, PairsKept, mostIterations)
    {
        /// <summary>Steps that were taken or failed.</summary>
        public int StepsTried { get; private set; }

        /// <summary>What MathNet compares with the tolerance, component by component: before the first step and after every later one.</summary>
        protected override double GetProjectedGradient(IObjectiveFunctionEvaluation candidatePoint, int ii)
        {
            if (ii == 0)
            {
                StepsTried++;
                onIteration?.Invoke();
            }
            return isOver() ? 0 : double.PositiveInfinity;
        }
    }
}
