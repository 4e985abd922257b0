namespace ErLoss.Modules;

public static partial class VonMisesFisher
{
    // g_ν(x) = x^-ν I_ν(x) is what I_ν is without its power: even, entire and free of log x, the form in which -log C_d is
    // log g_ν + (ν+1) log 2π, ν = d/2 - 1. Its ratio of neighbours is s_ν = g_(ν+1)/g_ν = I_(ν+1) / (x I_ν).
    //
    // The Bessel functions of MathNet.Numerics 5.0.0 would not do: they are not logarithms. Even the one scaled by exp(-x) is zero from
    // order 240 on at x = 10 and from order 479 on at x = 100, that is from 482 and 960 dimensions on. Where they have a value, these here
    // agree with them to 2e-13 (MathNetTests).
    //
    // Two regions. Where √(ν² + x²) ≥ DebyeMinimum both come from Debye's expansion. Elsewhere ν is raised by whole steps until
    // it is there, and I_(ν-1) - I_(ν+1) = 2ν/x I_ν (DLMF 10.29.1), s_(ν-1) = 1 / (2ν + x² s_ν), leads back down. All terms are
    // positive and each step shrinks the relative error (Amos, Math. Comp. 28 (1974) 239-251).

    // log g_ν = w - ν log(ν+w) - ½ log 2πw + log S; the leading terms cancel, so they are in double-double.
    private static DoubleDouble LogScaledBesselI(double order, double x)
    {
        if (double.Hypot(order, x) < DebyeMinimum)
        {
            return LogScaledBesselI(order + StepsUp(order), x) - StepDown(order, x).LogProduct;
        }

        DoubleDouble w = DoubleDouble.Hypot(order, x);
        (double sum, _) = DebyeSums(order, w.High);
        return w - order * DoubleDouble.Log(w + order) + (Math.Log(sum) - LogRootTwoPi(w.High));
    }

    // s_ν. From log g: x s_ν = ∂/∂x log g_ν, hence s_ν = 1/(ν+w) - 1/(2w²) + T/(w² S), whose first term leads throughout.
    private static double ScaledBesselRatio(double order, double x)
    {
        double w = double.Hypot(order, x);
        if (w < DebyeMinimum)
        {
            return StepDown(order, x).Ratio;
        }

        (double sum, double slope) = DebyeSums(order, w);
        return 1 / (order + w) + (slope / sum - 0.5) / w / w;
    }

    // At most DebyeMinimum; the raised order is in Debye's region whatever x is.
    private static int StepsUp(double order) => (int)Math.Ceiling(DebyeMinimum - order);

    // s_ν and log ∏ s_(ν+i), i = 0 … steps - 1, which is log g_(ν+steps) - log g_ν. The product stays above 1e-85.
    private static (double Ratio, double LogProduct) StepDown(double order, double x)
    {
        int steps = StepsUp(order);
        double ratio = ScaledBesselRatio(order + steps, x);
        double product = 1;
        for (int i = steps; i > 0; i--)
        {
            ratio = 1 / (2 * (order + i) + x * x * ratio);
            product *= ratio;
        }

        return (ratio, Math.Log(product));
    }

    private static double LogRootTwoPi(double w) => 0.5 * Math.Log(w) + 0.91893853320467274;
}
