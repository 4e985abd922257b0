namespace ErLoss.Modules;

public static partial class VonMisesFisher
{
    // log 1e-7, the floor the published reference code adds to I before its logarithm.
    internal const double LogReferenceFloor = -16.118095650958319;

    /// <summary>
    /// The normaliser as the published reference code has it, (d/2 - 1) log κ - (d/2) log 2π - log(I_(d/2-1)(κ) + 1e-7), in nats;
    /// I itself never overflows here. Arguments and exceptions as in <see cref="LogNormalizer"/>.
    /// </summary>
    internal static double ReferenceLogNormalizer(int dimension, double kappa)
    {
        double order = RequireOrder(dimension, kappa);
        DoubleDouble logPower = order * DoubleDouble.Log(kappa);
        DoubleDouble logBessel = LogBesselIPrecise(order, kappa);
        double excess = (double)(logBessel - LogReferenceFloor);
        DoubleDouble larger = excess > 0 ? logBessel : LogReferenceFloor;
        return (double)(logPower - (order + 1) * DoubleDouble.LogTwoPi - larger - double.LogP1(Math.Exp(-Math.Abs(excess))));
    }

    /// <summary>
    /// ∂/∂κ of <see cref="ReferenceLogNormalizer"/>: with ν = d/2 - 1, I' = (ν/κ + A_d) I and the share σ = I / (I + 1e-7) it is
    /// (1 - σ) ν/κ - σ A_d(κ).
    /// </summary>
    internal static double ReferenceLogNormalizerDerivative(int dimension, double kappa)
    {
        double order = RequireOrder(dimension, kappa);
        double excess = (double)(LogBesselIPrecise(order, kappa) - LogReferenceFloor);
        return Logistic(-excess) * order / kappa - Logistic(excess) * MeanResultantLength(dimension, kappa);
    }

    private static double Logistic(double x) => 1 / (1 + Math.Exp(-x));
}
