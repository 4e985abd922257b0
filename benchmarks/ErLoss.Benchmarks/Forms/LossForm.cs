using ErLoss.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>A form of the loss: its settings, and what is said of the rows beside their projections.</summary>
/// <param name="Name">As "Joe, leave-one-out".</param>
/// <param name="Options">Settings; of these the evaluation is another one's choice.</param>
/// <param name="Views">The arguments of the loss that belong to some projections.</param>
/// <param name="ViewCount">How many projections it takes.</param>
internal sealed record LossForm(string Name, EntropyReconstructionOptions Options, Func<Tensor[], ProjectedViews> Views, int ViewCount = 2)
{
    /// <summary>The evaluations on the sphere that there are, but the choice between them. New ones join by themselves.</summary>
    public static IReadOnlyList<KernelEvaluation> Evaluations { get; } =
        [.. Enum.GetValues<KernelEvaluation>().Where(evaluation => evaluation != KernelEvaluation.Auto).OrderByDescending(evaluation => evaluation == KernelEvaluation.Composed)];

    /// <summary>The evaluations that this form can be computed by: one alone where there are no kernels.</summary>
    public IReadOnlyList<KernelEvaluation> OwnEvaluations => Options.Support == Support.Sphere ? Evaluations : [KernelEvaluation.Auto];

    /// <summary>The name of an evaluation in tables, "fused"; that of a form without kernels is a dash.</summary>
    public static string NameOf(KernelEvaluation evaluation) => evaluation == KernelEvaluation.Auto ? "–" : evaluation.ToString().ToLowerInvariant();
}

/// <summary>The forms that are counted and checked. What is said of the rows is drawn on the host, so that every device has the same.</summary>
internal sealed class LossForms : IDisposable
{
    /// <summary>On a CPU fewer operators normalise rows of ordinary norms. Rows of this norm take those of every other device.</summary>
    public const double TinyNorm = 1e-6;

    /// <summary>Rows of a queue for each row of the batch.</summary>
    private const int QueueRatio = 2;

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _weights, _mask, _ids, _labels, _queue, _queueWeights;

    /// <param name="device">Where.</param>
    /// <param name="k">Rows of the batch.</param>
    /// <param name="d">Dimension.</param>
    /// <param name="dtype">The type that a queue's rows are rounded to.</param>
    /// <param name="norm">Of a queue's rows.</param>
    public LossForms(Device device, int k, int d, ScalarType dtype = ScalarType.Float32, double norm = 1)
    {
        using var generator = new Generator(7);
        Tensor Uniform(int n) => rand(n, dtype: ScalarType.Float64, device: CPU, generator: generator);
        _weights = (0.1 + Uniform(k)).to(device);
        _mask = Uniform(k).lt(0.9).to(device);
        _ids = arange(k, dtype: ScalarType.Int64, device: CPU).floor_divide(2).to(device);
        _labels = arange(k, dtype: ScalarType.Int64, device: CPU).remainder(10).to(device);
        _queue = (norm * nn.functional.normalize(randn(QueueRatio * k, d, dtype: ScalarType.Float64, device: CPU, generator: generator), dim: 1)).to(dtype).to(device);
        _queueWeights = (0.1 + Uniform(QueueRatio * k)).to(device);
    }

    /// <summary>Both estimators, with the own kernels and without.</summary>
    public IReadOnlyList<LossForm> Main => [.. All.Take(4)];

    /// <summary>All of them; those on classes last.</summary>
    public IReadOnlyList<LossForm> All =>
    [
        Plain("Joe", Joe),
        Plain("plug-in", new()),
        Plain("Joe, leave-one-out", Joe with { LeaveOneOut = true }),
        Plain("plug-in, leave-one-out", new() { LeaveOneOut = true }),
        Plain("Joe, learnt κ", Joe with { LearnKappa = true }),
        Plain("plug-in, learnt κ", new() { LearnKappa = true }),
        Plain("Joe, κ = 0.5", Joe with { Kappa = 0.5 }),
        Plain("Joe, κ = 100", Joe with { Kappa = 100 }),
        Plain("Joe, rows as given", Joe with { NormalizeInputs = false }),
        Plain("Joe, a value for each row", Joe with { Reduction = nn.Reduction.None }),
        new("Joe, weights", Joe, views => new(views) { Weights = _weights }),
        new("Joe, mask", Joe, views => new(views) { Mask = _mask }),
        new("Joe, ids", Joe, views => new(views) { Ids = _ids }),
        new("Joe, labels", Joe, views => new(views) { Labels = _labels }),
        new("plug-in, weights, mask and ids", new(), views => new(views) { Weights = _weights, Mask = _mask, Ids = _ids }),
        new("Joe, a queue", Joe, views => new(views) { Centers = [new(Queue(views))] }),
        new("Joe, a weighted queue", Joe, views => new(views) { Centers = [new(Queue(views)) { Weights = _queueWeights }] }),
        new("Joe, centres with gradient", Joe, views => new(views[0]) { Target = views[0], Centers = [new(views[1])] }),
        new("Joe, six views", Joe, views => new(views), 6),
        Plain("classes, Joe", Joe with { Support = Support.Discrete }),
        Plain("classes, plug-in", new() { Support = Support.Discrete }),
        Plain("classes, plug-in, probabilities", new() { Support = Support.Discrete, Normalizer = Normalizer.Reference }),
        new("classes, plug-in, weights", new() { Support = Support.Discrete }, views => new(views) { Weights = _weights }),
        new("classes, plug-in, six views", new() { Support = Support.Discrete }, views => new(views), 6),
    ];

    /// <inheritdoc/>
    public void Dispose() => _scope.Dispose();

    private static EntropyReconstructionOptions Joe { get; } = new() { Estimator = EntropyEstimator.Joe };

    private static LossForm Plain(string name, EntropyReconstructionOptions options) => new(name, options, views => new(views));

    private Tensor Queue(Tensor[] views) => _queue.to(views[0].dtype);
}
