using ErTraining.Data;
using ErTraining.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Evaluation;

/// <summary>How far a method's outputs are from collapse, over some images.</summary>
/// <param name="EffectiveRank">
/// exp of the entropy of the embeddings' normalised singular values (Roy and Vetterli, "The effective rank", EUSIPCO 2007; Garrido et al., "RankMe",
/// ICML 2023): from 1, all embeddings on one line (or nothing but zeros), to the lesser of their number and dimension.
/// </param>
/// <param name="MeanCosine">Mean cosine between embeddings of different images: 1 where all are the same, about 0 where they are spread out.</param>
/// <param name="Perplexity">
/// exp of the entropy of the mean distribution over classes, of a discrete head: from 1, one class in use, to the number of classes. Null of others.
/// </param>
internal sealed record CollapseIndicators(double EffectiveRank, double MeanCosine, double? Perplexity)
{
    private const int MostImages = 512;

    /// <summary>Measures them on the first 512 images, unaugmented, with the method in evaluation mode; it is left in the mode it was in.</summary>
    public static CollapseIndicators Measure(TwoViewMethod method, ImageTensors images)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        bool wasTraining = method.training;
        method.eval();
        Tensor pixels = images.Pixels.narrow(0, 0, Math.Min(MostImages, images.Count));
        MethodOutputs outputs = method.Project(method.Encoder.call(Pixels.Center(Pixels.ToUnit(pixels))));
        method.train(wasTraining);
        return Of(outputs);
    }

    /// <summary>The indicators of outputs that are at hand.</summary>
    internal static CollapseIndicators Of(MethodOutputs outputs)
    {
        using var scope = NewDisposeScope();
        Tensor rows = outputs.Embeddings.to(ScalarType.Float64);
        double count = rows.shape[0];
        Tensor singular = linalg.svdvals(rows);
        double cosines = (rows.sum([0]).square().sum().ToDouble() - rows.square().sum().ToDouble()) / (count * (count - 1));
        return new CollapseIndicators(
            Perplexed(singular / singular.sum().clamp_min(double.Epsilon)),
            count > 1 ? cosines : 1,
            outputs.Probabilities is { } probabilities ? Perplexed(probabilities.to(ScalarType.Float64).mean([0])) : null);
    }

    /// <summary>exp(−Σ p·log p).</summary>
    private static double Perplexed(Tensor distribution) => Math.Exp(-xlogy(distribution, distribution).sum().ToDouble());
}
