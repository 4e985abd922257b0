using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The numbers that <see cref="AttentionLossScript"/> computes with. A κ that the host does not read is a tensor on its device, and so is what depends on it; all else are numbers, which cost no launch.
/// </summary>
/// <remarks>
/// <para>
/// With n = V·k terms in the mean over views of Joe's estimate, or V of the plug-in estimate, the gradient of the entropy is −(κ/n)·P, where P is what is gathered of the rows z, and that of the
/// reconstruction is −(κ_R/k) times the other view. A factor that both have, <see cref="GradientFactor"/>, comes last.
/// </para>
/// <para>
/// The loss in which both terms have the same κ needs no more than Σ z·(its gradient in z) for the derivative in κ, and the kernels of the rows with themselves. A κ that the host does not read is learnt,
/// and a learnt κ of the kernels is that of both terms.
/// </para>
/// </remarks>
internal sealed class AttentionLossNumbers
{
    private const double LogOfPassFactor = 5.545177444479562; // log 256: see AttentionLossScript

    /// <summary>Works the numbers out.</summary>
    /// <param name="kernels">κ of the kernels.</param>
    /// <param name="decoder">κ of the reconstruction.</param>
    /// <param name="call">What is asked for.</param>
    /// <param name="dtype">Of the rows.</param>
    public AttentionLossNumbers(Concentration kernels, Concentration decoder, AttentionLossCall call, ScalarType dtype)
    {
        double n = call.Views * (call.IsJoe ? (double)call.Rows : 1);
        double entropyWeight = call.IsApart ? -1 : call.EntropyWeight, reconstructionWeight = call.IsApart ? 1 : call.ReconstructionWeight;
        double gathered = entropyWeight / n, agreed = -reconstructionWeight / call.Rows;
        DecoderSlope = agreed;
        if (kernels.Value is double kappa && IsUsual(kappa))
        {
            Kappa = Number(kappa);
            Shift = kappa + LogOfPassFactor;
            gathered *= call.HasLogits ? Math.Sqrt(kappa) : kappa;
            Scale = call.HasLogits ? 1 : kappa;
            Root = call.HasLogits ? Number(Math.Sqrt(kappa)) : null;
        }
        else
        {
            Kappa = Read(kernels);
            Shift = LogOfPassFactor;
            Scale = 1;
            Root = After = Kappa.sqrt();
        }
        if (decoder.Value is double other && IsUsual(other))
        {
            agreed *= other;
        }
        else
        {
            Decoder = ReferenceEquals(kernels, decoder) ? Kappa : Read(decoder);
        }
        AgreementFactor = agreed;

        // Neither factor within the gradient is above one, so that the gradient of rows of subnormal numbers stays finite.
        bool isMetWhole = !call.IsApart && Math.Abs(gathered) <= Math.Abs(agreed);
        (GradientFactor, GatheredFactor, MetFactor) = isMetWhole ? (agreed, gathered / agreed, 1.0) : (gathered, 1.0, agreed / gathered);
        if (Decoder is not null && !call.IsApart)
        {
            Tensor met = After ?? Decoder; // the other root of κ is in After
            Met = isMetWhole ? met : met * MetFactor;
        }
        SlopeFactor = entropyWeight / (2 * n) / GatheredFactor;
        ShareFactor = GatheredFactor * (call.IsJoe ? 2 / 256.0 : 2);

        Tensor Read(Concentration concentration) => concentration.Value is double value ? Number(value) : concentration.Learnt!.detach().to(dtype);

        // Of managed memory, which takes no operator.
        Tensor Number(double value) => (dtype == ScalarType.Float64 ? tensor([value], device: CPU) : tensor([(float)value], device: CPU)).view([]);
    }

    /// <summary>Whether the product of three such numbers or their reciprocals, and of a number of rows, is a number of float32. Others are computed with as tensors.</summary>
    public static bool IsUsual(double number) => number is >= 1e-10 and <= 1e10;

    /// <summary>κ, of the rows' type; on the CPU where the host knows it.</summary>
    public Tensor Kappa { get; }

    /// <summary>√κ, by which rows are multiplied; null where the products are multiplied by <see cref="Scale"/> instead.</summary>
    public Tensor? Root { get; }

    /// <summary>What multiplies the products.</summary>
    public double Scale { get; }

    /// <summary>What is beside −l in the logarithm of a factor of Joe's second pass: κ + log 256, or log 256 where the script adds κ.</summary>
    public double Shift { get; }

    /// <summary>κ of the reconstruction; null where <see cref="AgreementFactor"/> has it.</summary>
    public Tensor? Decoder { get; }

    /// <summary>What Σ z·z' and the other κ are multiplied by in the value. Of the two terms apart, it is also the factor of the reconstruction's gradient.</summary>
    public double AgreementFactor { get; }

    /// <summary>Within the gradient, what the other view is multiplied by; null where that is a number, <see cref="MetFactor"/>.</summary>
    public Tensor? Met { get; }

    /// <summary>See <see cref="Met"/>.</summary>
    public double MetFactor { get; }

    /// <summary>Within the gradient, what the gathered rows are multiplied by.</summary>
    public double GatheredFactor { get; }

    /// <summary>The rest of the factor of gathered rows and the other view alike, where it is a tensor.</summary>
    public Tensor? After { get; }

    /// <summary>What the gradient is multiplied by in the end.</summary>
    public double GradientFactor { get; }

    /// <summary>What multiplies Σ z·(gradient) and the own kernels in the derivative in κ.</summary>
    public double SlopeFactor { get; }

    /// <summary>What multiplies the own kernels beside Σ z·(gradient).</summary>
    public double ShareFactor { get; }

    /// <summary>The derivative in κ of the reconstruction alone as a multiple of Σ z·z'.</summary>
    public double DecoderSlope { get; }
}
