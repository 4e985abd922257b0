using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Which evaluation serves a batch: what <see cref="KernelEvaluation.Auto"/> means, and whether one that was asked for by name can serve.</summary>
internal static class EvaluationChoice
{
    /// <summary>
    /// Rows from which on the fused form is the faster one on a CPU: measured on two cores, it is even at 256 and ahead from 512 on. With further centres it is behind at
    /// 64 × 4,160 pairs, even at 256 × 4,352 and ahead at 256 × 16,640, in time; in memory it is ahead throughout.
    /// </summary>
    private const long FusedFrom = 512, FusedFromPairs = 1L << 20;

    /// <summary>Pairs from which on it is the faster one on a GPU: on an H100 it was behind at 4,096 rows, and ahead at 16,384.</summary>
    private const long FusedFromPairsOnGpu = 1L << 25;

    // On an H100 the float32 kernel was as fast as tiles at 16,384 rows and slower at 65,536, and with more than 128 columns slower than either other form at 4,096 rows. It does not share the centres of one row
    // among processors, so that its time grows with them however few the rows are.
    private const long MostSingleRows = 32_768, MostSingleColumns = 128, MostSingleRowsOfMoreColumns = 1024;

    // With several calls it takes two to three times the launches of the composed form, which for fewer pairs decide the time.
    private const long LeastPairsOfManyCalls = 1L << 21;

    // Wider rows have no fast kernel in half precision.
    private const long MostHalfColumns = 254;

    // An exponent is off by 2e-4 of κ in float16; beyond, the others are nearer.
    private const double LargestKappa = 100;

    // At it exponents are off by 0.6 in float16, and by 1e-3 in float32.
    private const double LargestKappaByName = 1e4;

    /// <summary>Settings with the evaluation that serves.</summary>
    /// <param name="device">Of the rows.</param>
    /// <param name="dtype">Of the rows: float32 or float64.</param>
    /// <param name="k">Rows.</param>
    /// <param name="m">Further centres.</param>
    /// <param name="d">Columns.</param>
    /// <param name="haveIds">Whether rows have ids.</param>
    /// <param name="isOneCall">See <see cref="Best"/>.</param>
    /// <param name="settings">What was asked for.</param>
    /// <exception cref="ArgumentException">Attention was asked for by name, and cannot serve.</exception>
    public static KernelSettings Resolve(Device device, ScalarType dtype, long k, long m, long d, bool haveIds, bool isOneCall, KernelSettings settings)
    {
        if (settings.Evaluation == KernelEvaluation.Attention)
        {
            return settings.Attention is null ? ByName(device, dtype, d, haveIds, settings) : settings;
        }
        if (settings.Evaluation != KernelEvaluation.Auto)
        {
            return settings;
        }
        ScalarType products = settings.AttentionType ?? dtype;
        bool canAttend = settings.UnitRows && !haveIds && device.type == DeviceType.CUDA;
        KernelEvaluation best = Best(device.type, canAttend ? products : null, k, m, d, settings.Concentration.Value, isOneCall);
        if (best != KernelEvaluation.Attention)
        {
            return settings with { Evaluation = best, CenterAttention = best == KernelEvaluation.Fused && m > 0 && !haveIds ? OfCenters(device, dtype, d, settings) : null };
        }
        var attention = new Attention(device, products);
        return attention.Serves(d + 2) // as many columns as any of its calls has
            ? settings with { Evaluation = best, Attention = attention }
            : settings with { Evaluation = Best(device.type, null, k, m, d, settings.Concentration.Value, isOneCall) };
    }

    /// <summary>Settings with the evaluation that serves a part of the batch of several ranks. Each rank chooses for itself: all evaluations exchange the same.</summary>
    /// <param name="rows">This rank's.</param>
    /// <param name="centers">Rows of all ranks, and further centres.</param>
    /// <param name="settings">What was asked for; not attention.</param>
    public static KernelSettings OfRanks(Tensor rows, long centers, KernelSettings settings) => settings.Evaluation != KernelEvaluation.Auto
        ? settings
        : settings with { Evaluation = Best(rows.device_type, null, rows.shape[0], centers - rows.shape[0], rows.shape[1], settings.Concentration.Value, isOneCall: false) };

    /// <summary>What <see cref="KernelEvaluation.Auto"/> means.</summary>
    /// <param name="device">Of the rows.</param>
    /// <param name="products">What attention would round rows to; null where it cannot serve.</param>
    /// <param name="k">Rows.</param>
    /// <param name="m">Further centres.</param>
    /// <param name="d">Columns.</param>
    /// <param name="kappa">κ; null where the host does not know it.</param>
    /// <param name="isOneCall">Whether attention would take one call of a script for all that is computed.</param>
    public static KernelEvaluation Best(DeviceType device, ScalarType? products, long k, long m, long d, double? kappa, bool isOneCall)
    {
        long pairs = k * (k + m);
        if (device == DeviceType.CPU)
        {
            return k >= FusedFrom || pairs >= FusedFromPairs ? KernelEvaluation.Fused : KernelEvaluation.Composed;
        }
        bool attends = !(kappa > LargestKappa) && (isOneCall || pairs >= LeastPairsOfManyCalls) && products switch
        {
            ScalarType.Float16 or ScalarType.BFloat16 => d <= MostHalfColumns,
            ScalarType.Float32 => k + m <= MostSingleRows && pairs <= (d <= MostSingleColumns ? MostSingleRows * MostSingleRows : MostSingleRowsOfMoreColumns * MostSingleRowsOfMoreColumns),
            _ => false,
        };
        return attends ? KernelEvaluation.Attention : pairs >= FusedFromPairsOnGpu ? KernelEvaluation.Fused : KernelEvaluation.Composed;
    }

    /// <summary>
    /// Attention for further centres beside tiles for the rows, on a CPU in float32: one call takes as long as the two products alone, where tiles take longer by the passes
    /// between them. A batch of 256 and a queue of 4,096 took 0.7 of the time. Null where tiles serve, with κ so large that they change to float64 among others.
    /// </summary>
    private static Attention? OfCenters(Device device, ScalarType dtype, long d, KernelSettings settings)
    {
        bool attends = device.type == DeviceType.CPU && dtype == ScalarType.Float32 && settings.UnitRows && settings.Concentration.Value <= ExponentRange.Largest(dtype);
        return attends && new Attention(device, dtype) is var attention && attention.Serves(d + 2) ? attention : null;
    }

    private static KernelSettings ByName(Device device, ScalarType dtype, long d, bool haveIds, KernelSettings settings)
    {
        if (haveIds)
        {
            throw Refuse("cannot leave out the kernels of rows with equal ids");
        }
        if (settings.Concentration.Value > LargestKappaByName)
        {
            throw Refuse($"does not compute with a κ of over {LargestKappaByName}");
        }
        if (device.type == DeviceType.META)
        {
            return settings with { Evaluation = KernelEvaluation.Composed };
        }
        if (device.type != DeviceType.CPU && dtype == ScalarType.Float64)
        {
            throw Refuse($"has no kernel for {dtype} on a GPU");
        }
        // Of rows that are used as given nobody knows whether float16 can hold them.
        ScalarType products = settings.UnitRows ? settings.AttentionType ?? dtype : dtype;
        var attention = new Attention(device, products);
        return attention.Serves(d + 2)
            ? settings with { Attention = attention }
            : throw Refuse($"has no kernel for {products} on {device} in this libtorch");
    }

    private static ArgumentException Refuse(string why, string name = "options.Evaluation") => new(
        $"The evaluation {KernelEvaluation.Attention} {why}; {KernelEvaluation.Auto}, {KernelEvaluation.Fused} or {KernelEvaluation.Composed} is wanted.",
        name);
}
