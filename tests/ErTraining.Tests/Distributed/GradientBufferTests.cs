using ErLoss.Modules.Distributed;
using ErLoss.Training.Distributed;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErTraining.Tests.Distributed;

/// <summary>Gradients of ranks, of which not all have one for each weight.</summary>
internal sealed class GradientBufferTests : TensorTests
{
    [Test]
    public void Each_weight_gets_the_sum_wherever_one_rank_has_a_gradient_and_none_where_no_rank_has_one() => LocalProcessGroup.Run(3, group =>
    {
        using var scope = NewDisposeScope();
        var module = new Weights();
        long rank = group.Rank;
        using var buffer = new GradientBuffer(module, group, Share.Of(10, group), [module.Statistics]); // shares of 3, 3 and 4
        module.Matrix.grad = arange(6).view(2, 3).to(ScalarType.Float32) * (rank + 1);
        module.ChannelsLast.grad = arange(24).view(2, 3, 2, 2).to(ScalarType.Float32) * (rank + 1); // laid out otherwise than the weight
        module.OfSomeRanks.grad = rank == 1 ? full(3, 5f) : null;
        module.Kappa.grad = tensor(new[] { 0.1 * (rank + 1) });
        using (no_grad())
        {
            module.Statistics.fill_(rank);
        }
        Assert.Multiple(() =>
        {
            Assert.That(buffer.Sum(wantsStop: rank == 2), Is.True);
            Assert.That(Numbers(module.Matrix.grad!), Is.EqualTo(new[] { 0.0, 6, 12, 18, 24, 30 }));
            Assert.That(Numbers(module.ChannelsLast.grad!), Is.EqualTo(Enumerable.Range(0, 24).Select(i => 6.0 * i)));
            Assert.That(module.ChannelsLast.grad!.stride(), Is.EqualTo(module.ChannelsLast.stride()));
            Assert.That(Numbers(module.OfSomeRanks.grad!), Is.EqualTo(new[] { 5.0, 5, 5 }));
            Assert.That(module.OfNone.grad, Is.Null);
            Assert.That(module.Fixed.grad, Is.Null);
            Assert.That(module.Kappa.grad!.dtype, Is.EqualTo(ScalarType.Float64));
            Assert.That(Numbers(module.Kappa.grad!), Is.EqualTo(new[] { 0.6 }).Within(1e-7));
            Assert.That(Numbers(module.Statistics), Is.EqualTo(new[] { 1.1, 1.1 }).Within(1e-6), "the mean by shares");
        });

        // The places are the gradients until they are overwritten; another step begins without any.
        module.zero_grad();
        module.OfNone.grad = full(2, rank == 0 ? 1f : 2f);
        Assert.Multiple(() =>
        {
            Assert.That(buffer.Sum(wantsStop: false), Is.False);
            Assert.That(Numbers(module.OfNone.grad!), Is.EqualTo(new[] { 5.0, 5 }));
            Assert.That(module.Matrix.grad, Is.Null);
        });
    });

    private static double[] Numbers(Tensor tensor) => tensor.to(ScalarType.Float64).contiguous().data<double>().ToArray();

    private sealed class Weights : nn.Module
    {
        public readonly Parameter Matrix = new(zeros(2, 3));
        public readonly Parameter ChannelsLast = new(zeros(2, 2, 2, 3).permute(0, 3, 1, 2));
        public readonly Parameter Fixed = new(zeros(4), requires_grad: false);
        public readonly Parameter OfSomeRanks = new(zeros(3));
        public readonly Parameter OfNone = new(zeros(2));
        public readonly Parameter Kappa = new(zeros(1, dtype: ScalarType.Float64));
        public readonly Tensor Statistics = zeros(2);

        public Weights()
            : base(nameof(Weights)) => RegisterComponents();
    }
}
