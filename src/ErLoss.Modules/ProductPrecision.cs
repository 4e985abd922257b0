namespace ErLoss.Modules;

/// <summary>What the fused form on the sphere rounds the factors of its matrix products to. Sums are float32 at least either way.</summary>
/// <remarks>
/// Where a GPU's products are allowed TF32 by torch's own switch, those of the loss have it too, in both evaluations: its factors have eleven
/// bits, bfloat16's have eight.
/// </remarks>
public enum ProductPrecision
{
    /// <summary>Not at all: they are of the projections' precision, float32 at least.</summary>
    Full,

    /// <summary>
    /// bfloat16, for float32 projections (float16 and bfloat16 ones included, which are computed in float32): about 0.6 of the time where the
    /// processor has instructions for it (AVX512_BF16, AMX) and there are thousands of rows, and half the memory for tiles. Slower elsewhere.
    /// </summary>
    /// <remarks>
    /// <para>
    /// What it costs is told by the tangential error: the error of that part of the gradient that turns a row, which is all that the
    /// normalisation lets through, relative to that part itself. With unit rows in d = 128 it was measured as 2e-3 to 1e-2 for spread rows and
    /// for clusters, κ from 0.5 to 20 (2e-2 for 64 rows in clusters at κ = 20), where full precision has 1e-6. The entropy is off by up to
    /// 1e-3.
    /// </para>
    /// <para>
    /// Rows that are nearly copies of each other bring a larger error back: what turns them is the difference of two nearly equal rows, and
    /// rounding takes away most of it (pairs 0.001 apart: as large as the gradient itself). There only full precision helps.
    /// </para>
    /// <para>
    /// It has no effect on <see cref="Evaluation.Composed"/>, on float64, nor where exponents go beyond 60, that is κ above 60 for unit rows,
    /// unless it is learnt on a GPU: there an exponent is off by up to κ/256.
    /// </para>
    /// </remarks>
    BFloat16,
}
