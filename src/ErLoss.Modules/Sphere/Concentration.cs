using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>The concentration κ of a von Mises–Fisher density: a number, or a scalar tensor that carries gradient.</summary>
internal sealed class Concentration
{
    public Concentration(double value) => Value = value;

    /// <param name="learnt">A scalar on the embeddings' device; its value is read once, here.</param>
    public Concentration(Tensor learnt)
    {
        Learnt = learnt;
        Value = learnt.ToDouble();
    }

    public double Value { get; }

    /// <summary>The tensor behind <see cref="Value"/>; null where κ is a number.</summary>
    public Tensor? Learnt { get; }

    /// <summary>κ·<paramref name="similarity"/>, in the similarity's own type.</summary>
    public Tensor Scale(Tensor similarity) =>
        Learnt is null ? similarity * Value : similarity * Learnt.to(similarity.dtype);

    /// <summary>log C_d(κ), a scalar of type <paramref name="dtype"/>; where κ carries gradient its derivative is exact.</summary>
    /// <remarks>
    /// The value is computed on the host, with its derivative, as <see cref="OnceDifferentiable"/> wants it.
    /// </remarks>
    public Tensor LogNormalizer(int dimension, Normalizer normalizer, ScalarType dtype)
    {
        (double value, double slope) = normalizer == Normalizer.Exact
            ? (VonMisesFisher.LogNormalizer(dimension, Value), -VonMisesFisher.MeanResultantLength(dimension, Value))
            : (VonMisesFisher.ReferenceLogNormalizer(dimension, Value), VonMisesFisher.ReferenceLogNormalizerDerivative(dimension, Value));
        return Learnt is null
            ? tensor(value, dtype)
            : OnceDifferentiable.Attach(full_like(Learnt, value), (Learnt, full_like(Learnt, slope))).to(dtype);
    }
}
