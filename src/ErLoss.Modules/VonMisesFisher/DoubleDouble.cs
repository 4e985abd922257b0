namespace ErLoss.Modules;

/// <summary>
/// The unevaluated sum of two doubles, |Low| ≤ ulp(High)/2: about 106 bits, enough to let terms of 10⁶ nats cancel to 10⁻¹² nat.
/// </summary>
/// <remarks>
/// Error-free sum: Knuth, TAOCP vol. 2, 4.2.2; error-free product by fused multiply-add, quotient and square root by one Newton
/// correction: Hida, Li and Bailey, "Algorithms for quad-double precision floating point arithmetic", 2001.
/// </remarks>
internal readonly record struct DoubleDouble(double High, double Low)
{
    public static readonly DoubleDouble LogTwo = new(0.6931471805599453, 2.3190468138462996e-17);
    public static readonly DoubleDouble LogTwoPi = new(1.8378770664093456, -7.756588316134483e-17);

    // 1/(2k+1): on |u| ≤ 3 - 2√2 (see Log) the first term left out is below 1e-27 of the sum.
    private static readonly DoubleDouble[] OddReciprocals =
        [.. Enumerable.Range(0, 17).Select(k => (DoubleDouble)1.0 / (2 * k + 1))];

    public static implicit operator DoubleDouble(double value) => new(value, 0);

    public static explicit operator double(DoubleDouble value) => value.High + value.Low;

    public static DoubleDouble operator -(DoubleDouble a) => new(-a.High, -a.Low);

    public static DoubleDouble operator +(DoubleDouble a, DoubleDouble b)
    {
        (double high, double highError) = ExactSum(a.High, b.High);
        (double low, double lowError) = ExactSum(a.Low, b.Low);
        DoubleDouble sum = Normalize(high, highError + low);
        return Normalize(sum.High, sum.Low + lowError);
    }

    public static DoubleDouble operator -(DoubleDouble a, DoubleDouble b) => a + -b;

    public static DoubleDouble operator *(DoubleDouble a, DoubleDouble b)
    {
        double high = a.High * b.High;
        double error = Math.FusedMultiplyAdd(a.High, b.High, -high);
        return Normalize(high, error + (a.High * b.Low + a.Low * b.High));
    }

    public static DoubleDouble operator /(DoubleDouble a, DoubleDouble b)
    {
        double quotient = a.High / b.High;
        return Normalize(quotient, (a - b * quotient).High / b.High);
    }

    /// <summary>√(a² + b²), not both zero, without overflow of the squares.</summary>
    public static DoubleDouble Hypot(double a, double b)
    {
        // Scaling by a power of two is exact; below 2^500 neither the squares nor their errors overflow.
        const int Limit = 500;
        int exponent = Math.Max(0, Math.ILogB(Math.Max(a, b)) - Limit);
        DoubleDouble x = Math.ScaleB(a, -exponent);
        DoubleDouble y = Math.ScaleB(b, -exponent);
        DoubleDouble square = x * x + y * y;
        double root = Math.Sqrt(square.High);
        DoubleDouble residual = square - (DoubleDouble)root * root;
        return Normalize(root, residual.High / (2 * root)).Scale(exponent);
    }

    /// <summary>log a of a positive, finite a; absolute error about 1e-26.</summary>
    public static DoubleDouble Log(DoubleDouble a)
    {
        // a = m 2^e with m in [1/√2, √2], log m = 2 artanh u = 2 Σ u^(2k+1)/(2k+1), u = (m-1)/(m+1): DLMF 4.6.4.
        int exponent = Math.ILogB(a.High * Math.Sqrt(0.5)) + 1;
        DoubleDouble m = a.Scale(-exponent);
        DoubleDouble u = (m - 1) / (m + 1);
        DoubleDouble square = u * u;
        DoubleDouble sum = OddReciprocals[^1];
        for (int k = OddReciprocals.Length - 2; k >= 0; k--)
        {
            sum = sum * square + OddReciprocals[k];
        }

        return LogTwo * exponent + u * sum * 2;
    }

    private DoubleDouble Scale(int exponent) => new(Math.ScaleB(High, exponent), Math.ScaleB(Low, exponent));

    private static (double Sum, double Error) ExactSum(double a, double b)
    {
        double sum = a + b;
        double part = sum - a;
        return (sum, a - (sum - part) + (b - part));
    }

    // The exact sum where |high| ≥ |low|.
    private static DoubleDouble Normalize(double high, double low)
    {
        double sum = high + low;
        return new(sum, low - (sum - high));
    }
}
