using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>What rows weigh in the second pass of attention: c_j = a_j/s_j with s_j = exp(L_j), as a logarithm and a sign.</summary>
/// <remarks>
/// The logarithm enters the exponents, so that the sum comes as the logarithm of a sum and a mean, both of moderate size. Factors of values would underflow: half the gradient would be lost,
/// without a sign of it in the value, where one row is an outlier and is left out of its own sum.
/// </remarks>
/// <param name="Logarithms">log |c_j|, (k) in float64; −∞ for rows without gradient.</param>
/// <param name="Signs">Of c_j, (k).</param>
internal readonly record struct AttentionFactors(Tensor Logarithms, Tensor Signs)
{
    /// <param name="slopes">a_j, (k) in float64.</param>
    /// <param name="logSums">L_j; +∞ stands for a row without gradient.</param>
    /// <param name="dtype">Of the rows.</param>
    public static AttentionFactors Of(Tensor slopes, Tensor logSums, ScalarType dtype) => new(slopes.abs().log() - logSums, slopes.sign().to(dtype));
}
