using ErLoss.Modules.Distributed;
using ErLoss.Modules.Tests.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Cuda;

/// <summary>Ranks whose rows are on a GPU: their tensors are exchanged through the host's memory.</summary>
public class GroupOnDeviceTests(string device) : CudaTests(device)
{
    [Test]
    public void Collectives_give_every_rank_what_all_have() =>
        Assert.That(LocalProcessGroup.Run(2, group => CollectiveChecks.Run(group, Device)), Is.All.Empty);

    [Test]
    public void Ranks_compute_what_one_process_does(
        [Values(KernelEvaluation.Auto, KernelEvaluation.Fused, KernelEvaluation.Composed)] KernelEvaluation evaluation, [Values] bool learnKappa)
    {
        var options = new EntropyReconstructionOptions { Evaluation = evaluation, LearnKappa = learnKappa };
        (double value, double[] gradient) = Compute(options, 0, 7);
        IReadOnlyList<(double Value, double[] Gradient)> ofRanks = LocalProcessGroup.Run(2, group => Compute(options with { Group = group }, group.Rank * 3, group.Rank == 0 ? 3 : 4));
        Assert.That(ofRanks.Select(rank => rank.Value), Is.All.EqualTo(value).Within(1e-11));
        Assert.That(ofRanks.SelectMany(rank => rank.Gradient), Is.EqualTo(gradient).Within(1e-11));
    }

    private (double Value, double[] Gradient) Compute(EntropyReconstructionOptions options, int start, int count)
    {
        using var scope = NewDisposeScope();
        using var loss = new EntropyReconstructionLoss(options);
        loss.to(Device);
        Tensor rows = Draw.Normal(1, 7, 5).ToTensor()[start..(start + count)].to(Device).requires_grad_(), others = Draw.Normal(2, 7, 5).ToTensor()[start..(start + count)].to(Device);
        Tensor value = loss.call(rows, others);
        value.backward();
        return (value.ToDouble(), rows.grad!.cpu().data<double>().ToArray());
    }
}
