namespace ErLoss.Modules;

/// <summary>The precision that the fused form on the sphere, and attention, round the factors of their matrix products to.</summary>
/// <remarks>
/// Log-sums are kept in float64 and sums over tiles in float32 at least; with <see cref="BFloat16"/> each tile's product is rounded to bfloat16
/// before it is added. If torch allows a GPU TF32 in products (<c>backends.cuda.matmul.allow_tf32</c>), tiles and the composed form use it, and attention takes float16, which keeps as many
/// bits. TF32 keeps eleven bits of a factor, bfloat16 eight.
/// </remarks>
public enum ProductPrecision
{
    /// <summary>No rounding: the factors keep the projections' precision, float32 at least.</summary>
    Full,

    /// <summary>
    /// bfloat16, for float32 projections (float16 and bfloat16 ones included, which are computed in float32). On a CPU with AVX512_BF16 it takes
    /// about 0.6 of the time with thousands of rows, and half the memory for tiles; on a CPU without such instructions it is slower. It has not
    /// been measured on a GPU.
    /// </summary>
    /// <remarks>
    /// <para>
    /// Its cost is described by the tangential error: the error of the part of the gradient that turns a row, divided by the size of that
    /// part. (The normalisation removes the other part of the gradient.) With unit rows in d = 128 and κ from 0.5 to 20 it was measured as 2e-3 to 1e-2
    /// for spread rows and clusters, with leave-one-out up to 3e-2, where full precision has 1e-6; the entropy was off by up to 5e-3, and by up to
    /// 2e-2 where rows are close together. Both grow with κ: between 20 and 60 the tangential error reaches 7e-2, and the entropy is off by up to
    /// 0.12. Rows longer than one, where they are used as given, cost more.
    /// </para>
    /// <para>
    /// The error is larger for rows that are nearly copies of each other. They are turned by the difference of two nearly equal rows, most of
    /// which is lost in rounding: for pairs 0.001 apart the error is as large as the gradient itself. Use full precision there.
    /// </para>
    /// <para>
    /// It has no effect on <see cref="KernelEvaluation.Composed"/>, on float64, or where exponents may reach 60 (κ from 60 on for unit rows). A κ learnt on
    /// a GPU is not read: there it rounds whatever κ is (an exponent is then off by up to κ/256).
    /// </para>
    /// </remarks>
    BFloat16,
}
