using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>A form of <see cref="ProjectedViews"/>, as tensors for the library and, pair by pair in double loops, as numbers of its terms.</summary>
/// <param name="Name">Of the case.</param>
/// <param name="Projections">How many projections there are: the first of the leaves.</param>
/// <param name="Predictions">Which leaves are predictions; null for the projections.</param>
/// <param name="Targets">How many targets are given; 0 for the projections.</param>
/// <param name="IsOneForAll">Whether the target is one for every prediction.</param>
internal sealed record ViewCase(string Name, int Projections, int[]? Predictions, int Targets = 0, bool IsOneForAll = false)
{
    public static readonly ViewCase[] All =
    [
        new("two equal views", 2, null),
        new("six equal views", 6, null),
        new("student and teacher", 2, [2, 3], 2),
        new("large crops as they are and small ones as predictions", 2, [0, 1, 2, 3, 4], 2),
        new("small crops that predict the views", 2, [0, 1, 2]),
        new("predictions of the other view's projection", 2, [2, 3]),
        new("more predictions than targets", 3, null, 1),
        new("one target for all", 2, null, 1, IsOneForAll: true),
        new("one view with a target", 1, [1], 1, IsOneForAll: true),
    ];

    private int LeafCount => Math.Max(Projections, (Predictions?.Max() ?? 0) + 1);

    public double[][,] Leaves(EntropyReconstructionOptions options) => [.. Enumerable.Range(0, LeafCount).Select(i => Draw.InputsOf(options, 100 + i, 4, 3))];

    /// <summary>On the sphere as projections; on classes probabilities, whatever the projections are.</summary>
    public double[][,] DrawTargets(EntropyReconstructionOptions options) =>
        [.. Enumerable.Range(0, Targets).Select(i => Draw.InputsOf(options.Support == Modules.Support.Sphere ? options : options with { NormalizeInputs = false }, 200 + i, 4, 3))];

    public ProjectedViews Views(Tensor[] leaves, Tensor[] targets) => new(leaves[..Projections])
    {
        Predictions = Predictions?.Select(i => leaves[i]).ToArray(),
        Targets = Targets == 0 || IsOneForAll ? null : targets,
        Target = IsOneForAll ? targets[0] : null,
    };

    /// <summary>The terms once more. Targets of classes are distributions here, of one class where they are class numbers.</summary>
    public TermValues Terms(double[][,] leaves, double[][,] givenTargets, EntropyReconstructionOptions options)
    {
        double[][,] mapped = [.. leaves.Select(leaf => Recomputation.OnSupport(leaf, options))];
        double[][,] predictions = Predictions is null ? mapped[..Projections] : [.. Predictions.Select(i => mapped[i])];
        double[][,] targets = Targets == 0 ? mapped[..Projections]
            : options.Support == Modules.Support.Sphere ? [.. givenTargets.Select(target => Recomputation.OnSupport(target, options))]
            : givenTargets;
        double reconstruction = (from p in Enumerable.Range(0, predictions.Length)
                                 from t in Enumerable.Range(0, targets.Length)
                                 where IsOneForAll || p != t
                                 select OneWay(predictions[p], targets[t], options)).Average();
        double Entropy(EntropyReconstructionOptions settings) => mapped[..Projections].Average(view => Recomputation.Entropy(view, settings));
        double entropy = Entropy(options);
        return new TermValues(
            options.ReconstructionWeight * reconstruction - options.EntropyWeight * entropy,
            entropy,
            reconstruction,
            Entropy(options with { LeaveOneOut = false }) - reconstruction);
    }

    public override string ToString() => Name;

    private static double OneWay(double[,] prediction, double[,] target, EntropyReconstructionOptions options)
    {
        if (options.Support == Modules.Support.Sphere)
        {
            return Recomputation.Reconstruction(prediction, target, options);
        }
        double floor = options.Normalizer == Normalizer.Reference ? 1e-7 : 0, sum = 0;
        for (int i = 0; i < target.GetLength(0); i++)
        {
            for (int c = 0; c < target.GetLength(1); c++)
            {
                sum -= target[i, c] == 0 ? 0 : target[i, c] * Math.Log(prediction[i, c] + floor);
            }
        }
        return sum / target.GetLength(0);
    }
}
