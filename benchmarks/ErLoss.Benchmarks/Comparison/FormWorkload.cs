using ErLoss.Modules;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>
/// The loss in all its forms as users have them, with the evaluation that serves, forward and backward: weighted and masked rows, ids, labels, a queue, many views. Each form stands beside a yardstick: what
/// the least of its work would take.
/// </summary>
internal sealed class FormWorkload : IDisposable
{
    /// <summary>Rows of the batch that meets a queue, and of the queue.</summary>
    public const int QueueBatch = 256, QueueLength = 4096;

    private const int Views = 6;

    private readonly EntropyReconstructionLoss _loss = Make(reconstructionWeight: 1), _entropy = Make(reconstructionWeight: 0);
    private readonly List<IDisposable> _owned = [];
    private readonly Tensor[] _views;

    public FormWorkload(Device device, int k, int d)
    {
        random.manual_seed(0);
        _views = [.. Enumerable.Range(0, Views).Select(_ => Own(Workload.UnitRows(device, k, d)))];
        Tensor[] two = _views[..2], batch = [Own(Workload.UnitRows(device, QueueBatch, d)), Own(Workload.UnitRows(device, QueueBatch, d))];
        using var scope = NewDisposeScope();
        Tensor ids = Own((arange(k, dtype: ScalarType.Int64) / 2).floor().to(ScalarType.Int64).to(device)), labels = Own((arange(k, dtype: ScalarType.Int64) % 100).to(device));
        Tensor weights = Own(rand(k, device: CPU).to(device)), mask = Own(rand(k, device: CPU).lt(0.9).to(device));
        Tensor queue = Own(Workload.UnitRows(device, QueueLength, d).detach().clone());
        Forms =
        [
            ("two views, plain", "", () => Differentiate(_loss, new(two))),
            ("weights", "two views, plain", () => Differentiate(_loss, new(two) { Weights = weights })),
            ("mask", "two views, plain", () => Differentiate(_loss, new(two) { Mask = mask })),
            ("ids, each twice", "two views, plain", () => Differentiate(_loss, new(two) { Ids = ids })),
            ("weights, mask and ids", "two views, plain", () => Differentiate(_loss, new(two) { Weights = weights, Mask = mask, Ids = ids })),
            ("labels, 100", "two views, plain", () => Differentiate(_loss, new(two) { Labels = labels })),
            ("two rectangular products", "", () => Products(batch[0], queue)),
            ("entropy with a queue", "two rectangular products", () => Differentiate(_entropy, new(batch[0]) { Target = batch[0], Centers = [new(queue)] })),
            ("their products, of two views", "", () => Array.ForEach(batch, rows => Products(rows, queue))),
            ("two views with a queue", "their products, of two views", () => Differentiate(_loss, new(batch) { Centers = [new(queue)] })),
            ("six entropies", "", SixEntropies),
            ("six views", "six entropies", () => Differentiate(_loss, new(_views))),
        ];
    }

    /// <summary>Names, names of yardsticks (empty for a yardstick), and what runs.</summary>
    public IReadOnlyList<(string Name, string Yardstick, Action Run)> Forms { get; }

    public void Dispose()
    {
        _owned.ForEach(owned => owned.Dispose());
        _loss.Dispose();
        _entropy.Dispose();
    }

    private static EntropyReconstructionLoss Make(double reconstructionWeight) => new(new EntropyReconstructionOptions
    {
        Estimator = EntropyEstimator.Joe,
        ReconstructionWeight = reconstructionWeight,
    });

    private static void Differentiate(EntropyReconstructionLoss loss, ProjectedViews views)
    {
        foreach (Tensor view in views.Projections)
        {
            view.grad?.zero_();
        }
        loss.terms(views).Loss.backward();
    }

    /// <summary>The least that an entropy with a queue takes: rows against centres for the kernels, kernels against centres for the gradient.</summary>
    private static void Products(Tensor rows, Tensor centers)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        rows.mm(centers.t()).mm(centers);
    }

    private void SixEntropies()
    {
        foreach (Tensor view in _views)
        {
            Workload.Differentiate(view, KernelEvaluation.Fused);
        }
    }

    private Tensor Own(Tensor tensor)
    {
        _owned.Add(tensor.DetachFromDisposeScope());
        return tensor;
    }
}
