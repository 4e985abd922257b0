using System.Collections.Concurrent;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The scripts of <see cref="AttentionScripts"/>, compiled for one attention kernel.</summary>
internal sealed class AttentionUnit
{
    private static readonly ConcurrentDictionary<AttentionKernel, Lazy<AttentionUnit?>> s_units = new();

    private readonly jit.CompilationUnit _unit;

    private AttentionUnit(AttentionKernel kernel)
    {
        _unit = jit.compile(AttentionScripts.Of(kernel));
        WarmUp();
    }

    /// <summary>The scripts for a kernel; null where libtorch has no such operator. Compiled at the first call.</summary>
    public static AttentionUnit? Of(AttentionKernel kernel) =>
        s_units.GetOrAdd(kernel, static key => new Lazy<AttentionUnit?>(() => AttentionOperators.Has(key) ? new AttentionUnit(key) : null)).Value;

    /// <summary>
    /// Of the kernels exp(κ·z_i·z_j + b_j), j ≠ i, the mean of r_j·√κ·z_j, (k, d), and the logarithm of the sum, (k), at least two rows.
    /// </summary>
    /// <param name="rows">z, (k, d), float32 or float64, k ≥ 2.</param>
    /// <param name="root">√κ, a scalar of the rows' type.</param>
    /// <param name="logits">b, (k), −∞ for no kernel; or null.</param>
    /// <param name="signs">r, (k), or null for ones.</param>
    /// <param name="shape">Type and sizes of the products.</param>
    public (Tensor Mean, Tensor LogSums) Others(Tensor rows, Tensor root, Tensor? logits, Tensor? signs, AttentionShape shape) =>
        ((Tensor, Tensor))_unit.invoke("others", rows, root, logits!, signs!, (int)shape.Type, shape.Columns, shape.Multiple, shape.Apart);

    /// <summary>Of the kernels exp(κ·z_i·y_j + b_j) of other centres, all of which count, the mean of r_j·y_j, (n, d), and the logarithm of the sum, (n).</summary>
    /// <param name="rows">z, (n, d), n ≥ 1.</param>
    /// <param name="centers">y, (m, d), m ≥ 1.</param>
    /// <param name="kappa">κ, a scalar of the rows' type.</param>
    /// <param name="logits">b, (m), or null.</param>
    /// <param name="signs">r, (m), or null for ones.</param>
    /// <param name="shape">Type and sizes of the products.</param>
    public (Tensor Mean, Tensor LogSums) Centers(Tensor rows, Tensor centers, Tensor kappa, Tensor? logits, Tensor? signs, AttentionShape shape) =>
        ((Tensor, Tensor))_unit.invoke("centers", rows, centers, kappa, logits!, signs!, (int)shape.Type, shape.Columns, shape.Multiple);

    /// <summary>The loss of two views, or the entropy of any number; see <see cref="AttentionLossScript"/>.</summary>
    /// <param name="projections">(V, k, d), k ≥ 2, float32 or float64.</param>
    /// <param name="further">Directions of further centres, (m, d), m ≥ 1, or null.</param>
    /// <param name="numbers">What it computes with.</param>
    /// <param name="call">What is wanted.</param>
    /// <param name="shape">Type and sizes of the products.</param>
    public Tensor[] Loss(Tensor projections, Tensor? further, AttentionLossNumbers numbers, AttentionLossCall call, AttentionShape shape)
    {
        long k = call.Rows, m = further?.shape[0] ?? 0, sequence = (k - 1 + shape.Multiple - 1) / shape.Multiple * shape.Multiple;
        Tensor places = RowOrders.Of(k, sequence + 1, projections.device);
        // The factor of a row of zeros is e^κ/k, which float16 cannot hold from a κ of about 20 on; infinity times zero would be NaN.
        bool mayOverflow = call.MayOverflow || shape.Type == ScalarType.Float16;
        // Kept until the call has returned; a number's own conversion may be freed before native code reads it.
        Scalar[] scalars =
        [
            .. new[]
            {
                call.Normal, call.Least, Math.Log(k - (call.LeavesOneOut ? 1 : 0) + m), Math.Log(k + m), numbers.Scale, numbers.Shift, call.EntropyWeight, numbers.AgreementFactor,
                numbers.GradientFactor, numbers.MetFactor, numbers.GatheredFactor, numbers.SlopeFactor, numbers.ShareFactor,
            }.Select(number => (Scalar)number),
        ];
        object?[] tensors = [projections, places, Constants.Zero(projections.dtype, projections.device), numbers.Kappa, numbers.Root, numbers.Met, numbers.After, numbers.Decoder, further];
        object?[] choices =
        [
            call.IsJoe, call.LeavesOneOut, call.IsApart, call.IsAlone, call.WithPlain, call.WithGradient, call.LearnsKappa, mayOverflow, (int)shape.Type, shape.Columns, shape.Multiple,
        ];
        try
        {
            return (Tensor[])_unit.invoke("loss", [.. tensors, .. choices, .. scalars]);
        }
        finally
        {
            Array.ForEach(scalars, scalar => scalar.Dispose());
        }
    }

    // See AttentionScripts.
    private void WarmUp()
    {
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        Tensor rows = empty(0, 2, device: CPU), root = empty([], device: CPU);
        var shape = new AttentionShape(ScalarType.Float32, 1, 1, false);
        Others(rows, root, null, null, shape);
        Centers(rows, rows, root, null, null, shape);
        var call = new AttentionLossCall(true, false, 1, 1)
        {
            EntropyWeight = 1,
            ReconstructionWeight = 1,
            IsApart = false,
            IsAlone = false,
            WithPlain = false,
            WithGradient = false,
            LearnsKappa = false,
            MayOverflow = false,
            Normal = 1,
            Least = 1,
        };
        Loss(rows.unsqueeze(0), null, new AttentionLossNumbers(new Concentration(1), new Concentration(1), call, ScalarType.Float32), call, shape);
    }
}
