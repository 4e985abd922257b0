using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Evaluation;

/// <summary>Multinomial logistic regression: the weights W of least mean cross-entropy plus λ/2·‖W‖².</summary>
internal static class SoftmaxRegression
{
    /// <summary>The tolerance of a fit that is to be exact.</summary>
    public const double FineTolerance = 1e-6;

    private const int MostIterations = 1000;

    /// <summary>Fits the weights, to the tolerance or to a thousand iterations.</summary>
    /// <remarks>
    /// The inverse Hessian that is assumed at the start is the inverse of Böhning's bound ½·XᵀX/n + λ ("Multinomial logistic regression algorithm",
    /// 1992), which no Hessian of the objective exceeds: correlated inputs, as features are, then cost few iterations more than independent ones.
    /// </remarks>
    /// <param name="inputs">(n, d + 1), float64; the last column is all ones, and its weights, the biases, are not penalised.</param>
    /// <param name="labels">(n), int64 in 0..c − 1.</param>
    /// <param name="penalty">λ, positive.</param>
    /// <param name="start">(d + 1, c), float64, where the search starts. The weights it finds do not depend on it.</param>
    /// <param name="onIteration">Called once for each iteration.</param>
    /// <param name="tolerance">The fit has converged when no derivative of the objective is above this; positive.</param>
    /// <param name="cancellation">Checked between iterations.</param>
    /// <returns>The weights, (d + 1, c), the number of iterations, and whether they have converged.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static LimitedMemoryBfgs.Minimum Fit(
        Tensor inputs,
        Tensor labels,
        double penalty,
        Tensor start,
        Action? onIteration = null,
        double tolerance = FineTolerance,
        CancellationToken cancellation = default)
    {
        using var scope = NewDisposeScope();
        long count = inputs.shape[0], width = inputs.shape[1];
        Tensor transposed = inputs.t().contiguous(); // twice as fast to multiply by as the view is
        Tensor targets = nn.functional.one_hot(labels, start.shape[1]).to(ScalarType.Float64);
        Tensor penalties = full(width, 1, penalty, ScalarType.Float64, inputs.device);
        penalties.narrow(0, width - 1, 1).fill_(0);
        Tensor bound = transposed.mm(inputs).div_(2 * count) + penalties.squeeze(1).diag();
        Tensor root = linalg.inv(linalg.cholesky(bound)).t(); // root·rootᵀ is the bound's inverse

        LimitedMemoryBfgs.Minimum fit = LimitedMemoryBfgs.Minimize(Objective, root, start, tolerance, MostIterations, onIteration, cancellation);
        return fit with { Point = fit.Point.MoveToOuterDisposeScope() };

        (double, Tensor) Objective(Tensor weights)
        {
            using var evaluation = NewDisposeScope();
            Tensor logProbabilities = nn.functional.log_softmax(inputs.mm(weights), 1);
            Tensor penalized = penalties * weights;
            double value = (-(targets * logProbabilities).sum() / count + (penalized * weights).sum() / 2).item<double>();
            Tensor gradient = transposed.mm(logProbabilities.exp_().sub_(targets)).div_(count).add_(penalized);
            return (value, gradient.MoveToOuterDisposeScope());
        }
    }

    /// <summary>The fraction of inputs whose most probable class is theirs.</summary>
    public static double Accuracy(Tensor inputs, Tensor labels, Tensor weights)
    {
        using var scope = NewDisposeScope();
        return inputs.mm(weights).argmax(1).eq(labels).to(ScalarType.Float64).mean().item<double>();
    }
}
