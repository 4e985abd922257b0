using ErLoss.Modules;
using ErLoss.Modules.Distributed;
using ErLoss.Training.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>What a rank of <c>scaling</c> does: its share of training steps and of the loss. Each size is made when it is first asked for.</summary>
/// <param name="subject">What is measured.</param>
/// <param name="device">Of this rank.</param>
/// <param name="group">The ranks; null if there is one.</param>
internal sealed class ScalingWorkloads(ScalingSubject subject, Device device, ProcessGroup? group) : IDisposable
{
    private readonly Dictionary<(ScalingWork, int), Action> _works = [];
    private readonly List<IDisposable> _owned = [];

    /// <summary>One repetition of a work.</summary>
    /// <param name="work">Steps or the loss.</param>
    /// <param name="rows">Images of a batch, or rows, of all ranks.</param>
    public Action Of(ScalingWork work, int rows)
    {
        if (!_works.TryGetValue((work, rows), out Action? action))
        {
            _works[(work, rows)] = action = work == ScalingWork.Step ? StepOf(rows) : LossOf(rows);
        }
        return action;
    }

    /// <inheritdoc/>
    public void Dispose() => _owned.ForEach(owned => owned.Dispose());

    private Action StepOf(int images)
    {
        var workload = new StepWorkload(subject.Settings(images), device, group);
        _owned.Add(workload);
        return workload.Step;
    }

    private Action LossOf(int rows)
    {
        var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Estimator = EntropyEstimator.Joe, Group = group });
        int own = (int)Share.Of(rows, group).Count;
        Tensor view1 = Workload.UnitRows(device, own, subject.Dimension), view2 = Workload.UnitRows(device, own, subject.Dimension);
        _owned.AddRange([loss, view1, view2]);
        return () =>
        {
            view1.grad?.zero_();
            view2.grad?.zero_();
            loss.call(view1, view2).backward();
        };
    }
}
