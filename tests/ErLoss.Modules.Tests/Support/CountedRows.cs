using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>What is said of the rows of a batch of six examples: as tensors for the library, and as numbers for double loops.</summary>
/// <param name="Name">Of the case.</param>
/// <param name="Views">How many views there are.</param>
internal sealed record CountedRows(string Name, int Views = 2)
{
    public const int Count = 6, Dimension = 3;

    public static readonly CountedRows[] All =
    [
        new("fractional weights, one of them zero") { Weights = [0.5, 2, 0, 1.25, 3, 0.1] },
        new("a mask", 3) { Mask = [true, true, false, true, false, true] },
        new("a mask with weights that are no numbers", 3) { Weights = [0.5, 2, double.NaN, 1, -7, 0.1], Mask = [true, true, false, true, false, true] },
        new("nothing that counts") { Mask = new bool[6], IsEmpty = true },
        new("a teacher's targets") { Weights = [0.5, 2, 0, 1.25, 3, 0.1], Targets = 2 },
        new("one target for all", 1) { Mask = [true, true, false, true, false, true], Targets = 1 },
        new("labels") { Labels = [4, -1, 4, 2, -1, 4] },
        new("labels of one view, one of them alone", 1) { Labels = [4, -1, 4, 2, -1, 4] },
        new("labels of one view, all of them alone", 1) { Labels = [5, 4, 3, 2, 1, 0], IsEmpty = true },
        new("labels, weights and a mask", 3) { Labels = [4, 1, 4, 2, 1, 4], Weights = [0.5, 2, 0, 1.25, 3, 0.1], Mask = [true, true, true, true, false, true] },
        new("labels and ids") { Labels = [4, 1, 4, 4, 1, 4], Ids = [9, 9, 7, 9, 3, 7] },
        new("labels, ids and weights of one view", 1) { Labels = [4, 1, 4, 4, 1, 4], Ids = [9, 9, 7, 9, 3, 7], Weights = [0.5, 2, 0.25, 1.25, 0, 0.1] },
    ];

    /// <summary>Those cases that classes have, with further centres and without; they refuse ids.</summary>
    public static IEnumerable<CountedRows> OfClasses => All.Where(rows => rows.Ids is null).Concat(
    [
        new("further centres") { HasCenters = true },
        new("further centres, weights and a mask", 3) { HasCenters = true, Weights = [0.5, 2, double.NaN, 1, -7, 0.1], Mask = [true, true, false, true, false, true] },
        new("further centres and nothing that counts") { HasCenters = true, Mask = new bool[6], IsEmpty = true },
    ]);

    public double[]? Weights { get; init; }

    public bool[]? Mask { get; init; }

    public long[]? Labels { get; init; }

    public long[]? Ids { get; init; }

    /// <summary>How many targets are given, each of a view, or one for all if there is one view; zero for the views themselves.</summary>
    public int Targets { get; init; }

    /// <summary>Whether no row counts in the reconstruction.</summary>
    public bool IsEmpty { get; init; }

    /// <summary>Whether there are further centres, (3, d), of the weights 0.5, 3 and 0.</summary>
    public bool HasCenters { get; init; }

    public static double[] CenterWeights { get; } = [0.5, 3, 0];

    public double WeightOf(int row) => Mask is not null && !Mask[row] ? 0 : Weights?[row] ?? 1;

    /// <summary>Whether two rows are one example.</summary>
    public bool AreOne(int row, int other) => Ids is null ? row == other : Ids[row] == Ids[other];

    public double[][,] Draw(EntropyReconstructionOptions options) => [.. Enumerable.Range(0, Views).Select(i => Tests.Draw.InputsOf(options, 300 + i, Count, Dimension))];

    /// <summary>On the sphere as projections; on classes probabilities.</summary>
    public double[][,] DrawTargets(EntropyReconstructionOptions options) => [.. Enumerable.Range(0, Targets).Select(i =>
        options.Support == Modules.Support.Sphere ? Tests.Draw.InputsOf(options, 400 + i, Count, Dimension) : Tests.Draw.Probabilities(400 + i, Count, Dimension))];

    /// <summary>The matrix with a value in the rows that do not count.</summary>
    public double[,] Spoil(double[,] matrix, double value) => Matrix.Create(Count, matrix.GetLength(1), (i, c) => WeightOf(i) == 0 ? value : matrix[i, c]);

    public ProjectedViews ToViews(Tensor[] views, Tensor[] targets, Tensor? centers = null) => new(views)
    {
        Weights = Weights is null ? null : tensor(Weights),
        Mask = Mask is null ? null : tensor(Mask),
        Labels = Labels is null ? null : tensor(Labels),
        Ids = Ids is null ? null : tensor(Ids),
        Targets = Targets > 1 ? targets : null,
        Target = Targets == 1 ? targets[0] : null,
        Centers = centers is null ? [] : [new Centers(centers) { Weights = tensor(CenterWeights) }],
    };

    public override string ToString() => Name;
}
