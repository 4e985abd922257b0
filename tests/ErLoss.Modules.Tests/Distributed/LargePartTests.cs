using System.Runtime.InteropServices;
using ErLoss.Modules.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Distributed;

/// <summary>Parts that take several tiles each: their kernels in float64 and float32, what lives after a step, and what is exchanged in it.</summary>
internal sealed class LargePartTests : TensorTests
{
    private const int Rows = 1300, Columns = 8;
    private static readonly int[] s_parts = [540, 1, 759];

    private static readonly TestCaseData[] s_forms =
    [
        Case("plain", new() { Evaluation = KernelEvaluation.Fused }, haveMarks: false),
        Case("with marks", new() { Evaluation = KernelEvaluation.Fused, LeaveOneOut = true }, haveMarks: true),
        Case("with a shift", new() { Evaluation = KernelEvaluation.Fused, Kappa = 700, Estimator = EntropyEstimator.Joe }, haveMarks: true),
    ];

    [TestCaseSource(nameof(s_forms))]
    public void Tiles_of_parts_give_what_the_whole_gives_and_in_float32_with_its_error(object options, bool haveMarks)
    {
        (double[] values, Tensor gradient) = Compute((EntropyReconstructionOptions)options, [Rows], haveMarks, ScalarType.Float64);
        (double[] ofRanks, Tensor gradientOfRanks) = Compute((EntropyReconstructionOptions)options, s_parts, haveMarks, ScalarType.Float64);
        Assert.That(ofRanks, Is.All.EqualTo(values[0]).Within(1e-12 * Math.Max(1, Math.Abs(values[0]))));
        Assert.That(RelativeError.Of(gradientOfRanks, gradient), Is.LessThan(1e-12));

        (double[] single, Tensor gradientOfSingle) = Compute((EntropyReconstructionOptions)options, [Rows], haveMarks, ScalarType.Float32);
        (ofRanks, gradientOfRanks) = Compute((EntropyReconstructionOptions)options, s_parts, haveMarks, ScalarType.Float32);
        Assert.That(ofRanks, Is.All.EqualTo(values[0]).Within(Math.Abs(single[0] - values[0]) + 1e-6 * Math.Max(1, Math.Abs(values[0]))));
        Assert.That(RelativeError.Of(gradientOfRanks, gradient), Is.LessThan(RelativeError.Of(gradientOfSingle, gradient) + 1e-6));
    }

    /// <summary>It would be a collective too many on one rank, if the others had their gradients from elsewhere.</summary>
    [Test]
    public void The_backward_pass_exchanges_nothing_and_nothing_but_the_loss_lives_on() => LocalProcessGroup.Run(2, local =>
    {
        foreach (EntropyReconstructionOptions options in (EntropyReconstructionOptions[])[new() { LearnKappa = true }, new() { Evaluation = KernelEvaluation.Fused }, new() { Support = Modules.Support.Discrete }])
        {
            using var scope = NewDisposeScope();
            var group = new CountingGroup(local);
            using var loss = new EntropyReconstructionLoss(options with { Group = group });
            Tensor rows = Draw.Normal(3, 4 + local.Rank, Columns).ToTensor().requires_grad_(), others = Draw.Normal(4, 4 + local.Rank, Columns).ToTensor();
            loss.call(rows, others).backward(); // gradients and what is kept for good are there from now on
            long before = LiveTensors.Count;
            int collectives = group.Count;
            Tensor value = loss.call(rows, others);
            Assert.That(LiveTensors.Count, Is.EqualTo(before + 1));
            int ofForward = group.Count - collectives;
            value.backward();
            value.Dispose();
            Assert.That((group.Count - collectives, ofForward), Is.EqualTo((ofForward, 6)), "what ranks have in common, two for each view, and the reconstruction");
            Assert.That(LiveTensors.Count, Is.EqualTo(before));
        }
    });

    /// <summary>It would lack what the own rows do to other ranks' sums.</summary>
    [Test]
    public void A_second_derivative_is_refused([Values(KernelEvaluation.Fused, KernelEvaluation.Composed)] KernelEvaluation evaluation) => LocalProcessGroup.Run(2, group =>
    {
        using var scope = NewDisposeScope();
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Group = group, Evaluation = evaluation });
        Tensor rows = Draw.Normal(3, 4, Columns).ToTensor().requires_grad_();
        Tensor gradient = autograd.grad([loss.call(rows, rows.detach())], [rows], create_graph: true)[0];
        Assert.That(() => gradient.square().sum().backward(), Throws.InstanceOf<ExternalException>().With.Message.Contains("_cdist_backward"));
    });

    private static (double[] Values, Tensor Gradient) Compute(EntropyReconstructionOptions options, int[] parts, bool haveMarks, ScalarType dtype)
    {
        (double Value, Tensor Gradient)[] ofRanks = [.. LocalProcessGroup.Run(parts.Length, group =>
        {
            using var scope = NewDisposeScope();
            int start = parts[..group.Rank].Sum(), end = start + parts[group.Rank];
            Tensor rows = Draw.Normal(1, Rows, Columns).ToTensor()[start..end].to(dtype).requires_grad_(), others = Draw.Normal(2, Rows, Columns).ToTensor()[start..end].to(dtype);
            using var loss = new EntropyReconstructionLoss(options with { Group = group });
            Tensor places = arange(Rows)[start..end];
            var views = new ProjectedViews(rows, others) { Weights = haveMarks ? 1 + places % 5 : null, Ids = haveMarks ? places % 433 : null };
            using EntropyReconstructionTerms terms = loss.terms(views);
            terms.Loss.backward();
            return (terms.Loss.ToDouble(), rows.grad!.DetachFromDisposeScope());
        })];
        return ([.. ofRanks.Select(rank => rank.Value)], cat([.. ofRanks.Select(rank => rank.Gradient)]).to(ScalarType.Float64));
    }

    private static TestCaseData Case(string name, EntropyReconstructionOptions options, bool haveMarks) => new TestCaseData(options, haveMarks).SetArgDisplayNames(name);

    /// <summary>A group of a user's own, by another.</summary>
    private sealed class CountingGroup(ProcessGroup group) : ProcessGroup
    {
        public int Count { get; private set; }

        public override int Rank => group.Rank;

        public override int Size => group.Size;

        public override void Barrier() => group.Barrier();

        protected override void AllGatherOnHost(Tensor rows, Tensor all, IReadOnlyList<long> rowCounts)
        {
            Count++;
            using Tensor gathered = group.AllGather(rows);
            Assert.That(all.shape[0], Is.EqualTo(rowCounts.Sum()));
            all.copy_(gathered);
        }

        protected override void AllReduceOnHost(Tensor tensor, ReduceOp operation)
        {
            Count++;
            group.AllReduce(tensor, operation);
        }

        protected override void BroadcastOnHost(Tensor tensor, int root) => group.Broadcast(tensor, root);
    }
}
