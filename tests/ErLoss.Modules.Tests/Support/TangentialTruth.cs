using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>
/// The entropy of normalised rows and its gradient in the rows before normalisation once more, by plain matrix operations in float64.
/// </summary>
/// <remarks>
/// On a sphere only the part of a gradient that is tangential to it, g − z·(z·g), moves a row; normalisation removes the rest. So its error,
/// relative to its own size, is what training feels: the tangential error.
/// </remarks>
internal sealed class TangentialTruth
{
    private readonly Tensor _directions;
    private readonly Tensor _norms;

    /// <param name="rows">x, (k, d), of any type; their values count as they are.</param>
    /// <param name="kappa">κ.</param>
    /// <param name="estimator">Plug-in or Joe's.</param>
    /// <param name="leaveOneOut">Whether j = i is left out of row i's estimate.</param>
    /// <param name="centers">Further centres, (m, d), of any norms; null for none.</param>
    public TangentialTruth(Tensor rows, double kappa, EntropyEstimator estimator, bool leaveOneOut, Tensor? centers = null)
    {
        long k = rows.shape[0], m = centers?.shape[0] ?? 0;
        Tensor x = rows.detach().to(ScalarType.Float64);
        _norms = x.norm(1, keepdim: true);
        _directions = x / _norms;
        Tensor exponents = kappa * _directions.mm(_directions.t());
        exponents.diagonal().fill_(double.NegativeInfinity);
        Tensor past = (centers ?? zeros(0, rows.shape[1])).detach().to(ScalarType.Float64);
        past = past / past.norm(1, keepdim: true);
        Tensor exponentsOfPast = kappa * _directions.mm(past.t());
        Tensor others = logsumexp(cat([exponents, exponentsOfPast], 1), 1);
        Tensor logSums = leaveOneOut ? others : logaddexp(others, full_like(others, kappa));
        Tensor logDensities = logSums - Math.Log((leaveOneOut ? k - 1 : k) + m);
        Tensor weights = estimator == EntropyEstimator.Joe ? full_like(others, 1.0 / k) : logDensities.softmax(0);
        Tensor entropy = -weights.dot(logDensities);
        Entropy = entropy.ToDouble();
        Tensor slopes = estimator == EntropyEstimator.Joe ? -weights : -weights * (1 + logDensities + entropy);
        Tensor shares = slopes.unsqueeze(1) * (exponents - logSums.unsqueeze(1)).exp();
        Tensor sharesOfPast = slopes.unsqueeze(1) * (exponentsOfPast - logSums.unsqueeze(1)).exp();
        Gradient = Tangential(kappa * ((shares + shares.t()).mm(_directions) + sharesOfPast.mm(past))) / _norms;
    }

    /// <summary>Ĥ + log C_d(κ).</summary>
    public double Entropy { get; }

    /// <summary>∂Ĥ/∂x, (k, d), which is tangential.</summary>
    public Tensor Gradient { get; }

    /// <summary>The tangential error of a gradient in x, relative to the tangential part's own size.</summary>
    public double Error(Tensor gradient)
    {
        double size = (Gradient * _norms).norm().ToDouble();
        Assert.That(size, Is.GreaterThan(0).And.LessThan(double.PositiveInfinity), "the truth says something");
        double error = (Tangential((gradient.to(ScalarType.Float64) - Gradient) * _norms).norm() / size).ToDouble();
        Assert.That(error, Is.Not.NaN);
        return error;
    }

    /// <summary>The largest tangential error of a row, relative to the largest row's tangential part.</summary>
    public double LargestRowError(Tensor gradient) =>
        (Tangential((gradient.to(ScalarType.Float64) - Gradient) * _norms).norm(1).max() / (Gradient * _norms).norm(1).max()).ToDouble();

    private Tensor Tangential(Tensor gradient) => gradient - _directions * (gradient * _directions).sum(1, keepdim: true);
}
