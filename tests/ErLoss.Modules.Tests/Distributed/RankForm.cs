using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Distributed;

/// <summary>A form of the loss as one process has it and as ranks have their parts of it.</summary>
/// <param name="Name">Of the case.</param>
/// <param name="Options">Of the loss.</param>
/// <param name="Leaves">How many tensors of rows require gradient.</param>
/// <param name="Views">The views of a part, from the part's leaves and what makes the part of a tensor of all rows.</param>
internal sealed record RankForm(string Name, EntropyReconstructionOptions Options, int Leaves, Func<Tensor[], Func<Tensor, Tensor>, ProjectedViews> Views)
{
    public const int Dimension = 5, MostRows = 15;

    private static readonly EntropyReconstructionOptions s_sphere = new() { Kappa = 4 }, s_classes = new() { Support = Modules.Support.Discrete };

    public static RankForm[] OnSphere { get; } =
    [
        Equal("plug-in", s_sphere),
        Equal("Joe's", s_sphere with { Estimator = EntropyEstimator.Joe }),
        Equal("leave-one-out", s_sphere with { Estimator = EntropyEstimator.Joe, LeaveOneOut = true }),
        Equal("plug-in with leave-one-out", s_sphere with { LeaveOneOut = true }),
        Equal("unequal weights of the terms", s_sphere with { EntropyWeight = 0.5, ReconstructionWeight = 2 }),
        Equal("learnt κ", s_sphere with { LearnKappa = true }),
        Equal("learnt κ of the reconstruction", s_sphere with { ReconstructionKappa = 3, LearnReconstructionKappa = true, Estimator = EntropyEstimator.Joe }),
        Equal("a κ beyond the exponents' range", s_sphere with { Kappa = 900 }),
        Equal("a κ beyond it with leave-one-out", s_sphere with { Kappa = 900, LeaveOneOut = true, Estimator = EntropyEstimator.Joe }),
        Equal("a learnt κ beyond it", s_sphere with { Kappa = 900, LearnKappa = true }),
        Equal("rows as given", s_sphere with { Kappa = 1, NormalizeInputs = false }),
        Equal("long rows as given", s_sphere with { Kappa = 300, NormalizeInputs = false }),
        new("rows of zeros with a κ beyond the exponents' range", s_sphere with { Kappa = 900, Estimator = EntropyEstimator.Joe }, 2, (z, own) => new([.. z.Select(rows => rows * own(Marks()))])),
        new("rows of zeros with weights and ids", s_sphere with { Kappa = 900, Estimator = EntropyEstimator.Joe }, 2, (z, own) => new([.. z.Select(rows => rows * own(Marks()))]) { Weights = own(Weights()), Ids = own(Ids()) }),
        new("weights", s_sphere, 2, (z, own) => new(z) { Weights = own(Weights()) }),
        new("weights with a learnt κ", s_sphere with { LearnKappa = true }, 2, (z, own) => new(z) { Weights = own(Weights()) }),
        new("weights with leave-one-out", s_sphere with { LeaveOneOut = true }, 2, (z, own) => new(z) { Weights = own(Weights()) }),
        new("weights with a κ beyond the exponents' range", s_sphere with { Kappa = 900 }, 2, (z, own) => new(z) { Weights = own(Weights()) }),
        new("a mask that leaves a whole rank out", s_sphere with { LeaveOneOut = true, Estimator = EntropyEstimator.Joe }, 2, (z, own) => new(z) { Mask = own(Mask()) }),
        new("ids", s_sphere, 2, (z, own) => new(z) { Ids = own(Ids()) }),
        new("ids and weights with leave-one-out", s_sphere with { LeaveOneOut = true }, 2, (z, own) => new(z) { Ids = own(Ids()), Weights = own(Weights()) }),
        new("labels", s_sphere with { LearnKappa = true }, 2, (z, own) => new(z) { Labels = own(Labels()) }),
        new("labels of one view with ids and weights", s_sphere, 1, (z, own) => new(z) { Labels = own(Labels()), Ids = own(Ids()), Weights = own(Weights()) }),
        new("three views", s_sphere, 3, (z, _) => new(z)),
        new("student and teacher", s_sphere with { LearnKappa = true }, 4, (z, own) => new(z[..2]) { Predictions = z[2..], Targets = [own(Given(1)), own(Given(2))] }),
        new("one target", s_sphere, 1, (z, own) => new(z) { Target = own(Given(1)) }),
        new("a queue", s_sphere with { LearnKappa = true }, 2, (z, _) => new(z) { Centers = [new Centers(Given(3)[..6])] }),
        new("a queue with ids and weights", s_sphere with { LeaveOneOut = true }, 2, (z, own) => new(z)
        {
            Ids = own(Ids()),
            Centers = [new Centers(Given(3)[..6]) { Weights = Weights()[..6], Ids = Ids()[3..9] }],
        }),
    ];

    public static RankForm[] OnClasses { get; } =
    [
        Equal("plug-in", s_classes),
        Equal("average", s_classes with { Estimator = EntropyEstimator.Joe }),
        Equal("the reference's constants", s_classes with { Normalizer = Normalizer.Reference }),
        new("masked classes", s_classes, 2, (z, _) => new([.. z.Select(logits => logits.masked_fill(tensor([true, false, false, false, false]), double.NegativeInfinity))])),
        new("masked classes on average", s_classes with { Estimator = EntropyEstimator.Joe }, 2, (z, _) =>
            new([.. z.Select(logits => logits.masked_fill(tensor([true, false, false, false, false]), double.NegativeInfinity))])),
        new("weights", s_classes, 2, (z, own) => new(z) { Weights = own(Weights()) }),
        new("weights of probabilities", s_classes with { NormalizeInputs = false }, 2, (z, own) => new([.. z.Select(logits => nn.functional.softmax(logits, 1))]) { Weights = own(Weights()) }),
        new("probabilities", s_classes with { NormalizeInputs = false }, 2, (z, _) => new([.. z.Select(logits => nn.functional.softmax(logits, 1))])),
        new("a mask that leaves a whole rank out", s_classes, 2, (z, own) => new(z) { Mask = own(Mask()) }),
        new("labels", s_classes, 2, (z, own) => new(z) { Labels = own(Labels()), Weights = own(Weights()) }),
        new("three views", s_classes, 3, (z, _) => new(z)),
        new("class numbers", s_classes, 2, (z, own) => new(z) { Target = own(Labels()) }),
        new("teacher's probabilities and small crops", s_classes, 3, (z, own) => new(z[..2])
        {
            Predictions = z,
            Targets = [nn.functional.softmax(own(Given(1)), 1), nn.functional.softmax(own(Given(2)), 1)],
        }),
        new("past distributions", s_classes, 2, (z, _) => new(z) { Centers = [new Centers(nn.functional.softmax(Given(3)[..2], 1)) { Weights = tensor([7.0, 2]) }] }),
    ];

    /// <summary>The rows of all ranks, of which each leaf requires gradient.</summary>
    public Tensor[] AllLeaves(long rows, ScalarType dtype = ScalarType.Float64) =>
        [.. Enumerable.Range(0, Leaves).Select(i => Draw.Normal(40 + i, MostRows, Dimension).ToTensor().to(dtype)[..(int)rows])];

    public override string ToString() => Name;

    private static RankForm Equal(string name, EntropyReconstructionOptions options) => new(name, options, 2, (z, _) => new ProjectedViews(z));

    private static Tensor Given(int seed) => Draw.Normal(70 + seed, MostRows, Dimension).ToTensor();

    private static Tensor Weights() => tensor([1.5, 0, 2, 0.25, 1, 3, 0.5, 1, 2, 1, 0.75, 1, 4, 0.1, 1]);

    /// <summary>Zeros for the rows that become zeros.</summary>
    private static Tensor Marks() => tensor([1.0, 1, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 0]).unsqueeze(1);

    private static Tensor Mask() => tensor([true, true, false, false, true, true, false, true, true, true, false, true, true, false, true]);

    private static Tensor Ids() => tensor(new long[] { 4, 9, 4, 1, 9, 2, 3, 4, 6, 7, 1, 8, 2, 9, 5 });

    private static Tensor Labels() => tensor(new long[] { 0, 1, 0, 2, 1, 2, 0, 1, 3, 0, 2, 1, 0, 1, 2 });
}
