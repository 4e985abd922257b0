using ErLoss.Modules.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The concentration κ of a von Mises–Fisher density: a number, or a scalar tensor that carries gradient.</summary>
internal sealed class Concentration
{
    /// <param name="value">κ, as <see cref="Arguments.CheckKappa"/> wants it.</param>
    public Concentration(double value) => Value = value;

    /// <param name="learnt">
    /// A float64 scalar on the embeddings' device. On the CPU its value is read, which costs nothing there; elsewhere it never is, so that
    /// the host need not wait.
    /// </param>
    /// <param name="name">Of its parameter, for messages.</param>
    public Concentration(Tensor learnt, string name = EntropyReconstructionLoss.LogKappa)
        : this(learnt, isRead: learnt.device_type == DeviceType.CPU, name)
    {
    }

    internal Concentration(Tensor learnt, bool isRead, string name = EntropyReconstructionLoss.LogKappa)
    {
        Learnt = learnt;
        if (isRead)
        {
            double kappa = learnt.ToDouble();
            Arguments.CheckLearntKappa(kappa, name);
            Value = kappa;
        }
    }

    /// <summary>κ of a tensor that was read before, or was not.</summary>
    /// <param name="learnt">As above.</param>
    /// <param name="value">Its value, if it was read.</param>
    internal Concentration(Tensor learnt, double? value)
    {
        Learnt = learnt;
        Value = value;
    }

    /// <summary>κ where the host knows it; null where it is learnt on another device.</summary>
    public double? Value { get; }

    /// <summary>The tensor that κ is learnt as; null where it is a number.</summary>
    public Tensor? Learnt { get; }

    /// <summary>The same κ with a rank's share of its derivative, for what every rank computes alike.</summary>
    public Concentration ShareOf(GlobalBatch batch) => Learnt is null || batch.IsAlone ? this : new Concentration(batch.ShareOf(Learnt), Value);

    /// <summary>κ·<paramref name="factor"/>·<paramref name="times"/>, in the factor's own type, with gradient in a learnt κ.</summary>
    public Tensor Scale(Tensor factor, double times = 1) =>
        Learnt is null ? factor * (Value!.Value * times) : factor * (times == 1 ? Learnt : Learnt * times).to(factor.dtype);

    /// <summary>The same without gradient in κ.</summary>
    public Tensor ScaleConstant(Tensor factor) => Value is double kappa ? factor * kappa : factor * Learnt!.detach().to(factor.dtype);

    /// <summary>√κ, a scalar without gradient: on the CPU where the host knows κ, which operations on another device take as a number.</summary>
    public Tensor Root(ScalarType dtype) => Value is double kappa ? tensor(Math.Sqrt(kappa), dtype, CPU) : Learnt!.detach().sqrt().to(dtype);

    /// <summary>κ itself, in the same way.</summary>
    public Tensor Constant(ScalarType dtype) => Value is double kappa ? tensor(kappa, dtype, CPU) : Learnt!.detach().to(dtype);

    /// <summary>
    /// log C_d(κ), a float64 scalar on <paramref name="device"/>; where κ carries gradient its derivative is exact.
    /// </summary>
    /// <remarks>
    /// The value is computed with its derivative, as <see cref="OnceDifferentiable"/> wants it: on the host where κ is known there, else on
    /// κ's device.
    /// </remarks>
    public Tensor LogNormalizer(int dimension, Normalizer normalizer, Device device)
    {
        if (Value is not double kappa)
        {
            (Tensor values, Tensor slopes) = DeviceNormalizer.Evaluate(dimension, Learnt!.detach(), normalizer);
            return OnceDifferentiable.Attach(values, (Learnt, slopes));
        }
        double value = normalizer == Normalizer.Exact
            ? VonMisesFisher.LogNormalizer(dimension, kappa)
            : VonMisesFisher.ReferenceLogNormalizer(dimension, kappa);
        if (Learnt is null)
        {
            return full([], value, dtype: ScalarType.Float64, device: device);
        }
        double slope = normalizer == Normalizer.Exact
            ? -VonMisesFisher.MeanResultantLength(dimension, kappa)
            : VonMisesFisher.ReferenceLogNormalizerDerivative(dimension, kappa);
        return OnceDifferentiable.Attach(full_like(Learnt, value), (Learnt, full_like(Learnt, slope)));
    }
}
