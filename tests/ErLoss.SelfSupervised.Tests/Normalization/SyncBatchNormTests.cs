using System.Runtime.InteropServices;
using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.Normalization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Normalization;

/// <summary>Batches of several ranks are normalised as one process with all rows would normalise them.</summary>
internal sealed class SyncBatchNormTests : TensorTests
{
    private const int Channels = 5;

    /// <summary>What a normalisation came to.</summary>
    /// <param name="Output">Of all rows.</param>
    /// <param name="Gradients">Of all rows' inputs, and of the weights, summed over the ranks.</param>
    /// <param name="Buffers">Of each rank.</param>
    private sealed record Result(Tensor Output, Tensor[] Gradients, Tensor[][] Buffers);

    [TestCase(new[] { 7 }, false)]
    [TestCase(new[] { 1, 6 }, false)]
    [TestCase(new[] { 3, 4 }, true)]
    [TestCase(new[] { 2, 1, 4 }, true)]
    [TestCase(new[] { 2, 4, 1 }, false)]
    [TestCase(new[] { 3, 0, 4 }, false)]
    [TestCase(new[] { 0, 7 }, true)]
    public void Values_gradients_and_running_statistics_are_those_of_one_process(int[] parts, bool isMaps)
    {
        Tensor input = Input(parts.Sum(), isMaps), weights = randn_like(input);
        Result alone = Run([parts.Sum()], input, weights, TorchSharps(isMaps)), together = Run(parts, input, weights, _ => new SyncBatchNorm(Channels));
        Assert.That(together.Output, IsNear(alone.Output, 1e-12));
        Assert.Multiple(() =>
        {
            for (int i = 0; i < alone.Gradients.Length; i++)
            {
                Assert.That(alone.Gradients[i].abs().max().ToDouble(), Finite.GreaterThan(0.01), $"gradient {i}");
                Assert.That(together.Gradients[i], IsNear(alone.Gradients[i], 1e-12), $"gradient {i}");
            }
            foreach (Tensor[] ofRank in together.Buffers)
            {
                Assert.That(ofRank.Zip(alone.Buffers[0], (own, wanted) => (own - wanted).abs().max().ToDouble()), Has.Exactly(3).Items.And.All.Matches(Finite.LessThan(1e-12)));
            }
        });
    }

    /// <summary>Against the truth in float64, where the mean is a thousand times the deviation.</summary>
    [Test]
    public void In_float32_a_mean_far_from_zero_costs_no_more_digits_than_in_one_process()
    {
        Tensor input = (Input(64, isMaps: true) + 1000).to(ScalarType.Float32), weights = randn_like(input);
        Result truth = Run([64], input.to(ScalarType.Float64), weights.to(ScalarType.Float64), TorchSharps(true));
        Result alone = Run([64], input, weights, TorchSharps(true)), together = Run([20, 3, 41], input, weights, _ => new SyncBatchNorm(Channels));
        Assert.That(Error(together.Output, truth.Output), Finite.AtMost(Error(alone.Output, truth.Output) + 1e-5));
        Assert.That(Error(together.Gradients[0], truth.Gradients[0]), Finite.AtMost(Error(alone.Gradients[0], truth.Gradients[0]) + 1e-5));
        Assert.That(Error(together.Buffers[2][1], truth.Buffers[0][1]), Finite.AtMost(1e-5));

        static double Error(Tensor values, Tensor truth) => (values.to(ScalarType.Float64) - truth).abs().max().ToDouble();
    }

    [Test]
    public void Maps_in_bfloat16_are_normalised_by_statistics_in_float32()
    {
        Tensor input = Input(9, isMaps: true).to(ScalarType.BFloat16), weights = randn_like(input);
        Result alone = Run([9], input, weights, TorchSharps(true), ScalarType.Float32), together = Run([2, 7], input, weights, _ => new SyncBatchNorm(Channels), ScalarType.Float32);
        Assert.That(together.Output.dtype, Is.EqualTo(ScalarType.BFloat16));
        Assert.That(together.Output, IsNear(alone.Output, 0.04)); // a unit in the last place of numbers up to 4
        Assert.That(together.Gradients[0], IsNear(alone.Gradients[0], 0.04));
        Assert.That(together.Buffers[1][0].dtype, Is.EqualTo(ScalarType.Float32));
        Assert.That(together.Buffers[1][1], IsNear(alone.Buffers[0][1], 1e-5));
    }

    [TestCase(false, true)]
    [TestCase(true, true)]
    [TestCase(true, false)]
    public void Without_a_group_and_in_evaluation_it_is_TorchSharps_to_the_bit(bool isMaps, bool isTraining)
    {
        Tensor input = Input(7, isMaps).to(ScalarType.Float32), weights = randn_like(input);
        Result theirs = Run([7], input, weights, TorchSharps(isMaps), null, isTraining), own = Run([7], input, weights, _ => new SyncBatchNorm(Channels), null, isTraining);
        Assert.That(own.Output.equal(theirs.Output).all().item<bool>());
        Assert.That(own.Gradients.Zip(theirs.Gradients, (one, other) => one.equal(other).all().item<bool>()), Is.All.True);
        Assert.That(own.Buffers[0].Zip(theirs.Buffers[0], (one, other) => one.equal(other).all().item<bool>()), Is.All.True);
        using var module = new SyncBatchNorm(Channels);
        using nn.Module torchs = nn.BatchNorm2d(Channels);
        Assert.That(module.state_dict().Select(entry => (entry.Key, entry.Value.dtype)), Is.EqualTo(torchs.state_dict().Select(entry => (entry.Key, entry.Value.dtype))));
    }

    [Test]
    public void Nothing_of_the_backward_pass_stays_alive_nor_of_a_pass_without_gradients() => LocalProcessGroup.Run(2, group =>
    {
        using var network = nn.Sequential(nn.Linear(4, Channels), new SyncBatchNorm(Channels), nn.ReLU(), nn.Linear(Channels, Channels), new SyncBatchNorm(Channels, affine: false));
        SyncBatchNorm.SetGroup(network, group);
        using Tensor input = ones(3, 4) * arange(3).unsqueeze(1) + group.Rank;
        Step();
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Step();
        Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive));
        using (no_grad())
        {
            network.call(input).Dispose(); // as a teacher does
        }
        Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive));

        void Step()
        {
            using var scope = NewDisposeScope();
            network.zero_grad();
            network.call(input).square().mean().backward();
        }
    });

    [Test]
    public void A_failure_in_the_backward_pass_is_an_exception_of_it()
    {
        Exception? ofBackward = null;
        var error = Assert.Catch(() => LocalProcessGroup.Run(2, group =>
        {
            using var scope = NewDisposeScope();
            var module = new SyncBatchNorm(Channels) { Group = group };
            Tensor output = module.call(ones(2, Channels).requires_grad_());
            if (group.Rank == 1)
            {
                throw new InvalidOperationException("This rank has failed.");
            }
            ofBackward = Assert.Catch(output.sum().backward);
        }));
        Assert.That(error!.Message, Does.Contain("This rank has failed."));
        Assert.That(ofBackward, Is.InstanceOf<ExternalException>());
    }

    [Test]
    public void Other_normalisations_and_shapes_are_refused() => LocalProcessGroup.Run(2, group =>
    {
        using var scope = NewDisposeScope();
        nn.Module network = nn.Sequential(("norm", new SyncBatchNorm(2)), ("theirs", nn.BatchNorm1d(2)), ("more", nn.BatchNorm2d(2)));
        Assert.That(
            () => SyncBatchNorm.SetGroup(network, group), Throws.ArgumentException.With.Message.Contains("'theirs' and 1 more").And.Message.Contains("SyncBatchNorm is wanted"));
        SyncBatchNorm.SetGroup(network, null);
        Assert.That(() => SyncBatchNorm.SetGroup(nn.BatchNorm1d(2), group), Throws.ArgumentException.With.Message.Contains("'BatchNorm1d', which"));
        var module = new SyncBatchNorm(2) { Group = group };
        Assert.That(() => module.call(ones(3, 4)), Throws.ArgumentException.With.Message.Contains("The shape is (3, 4); (k, 2) or (k, 2, …) is wanted."));
        Assert.That(() => new SyncBatchNorm(0), Throws.TypeOf<ArgumentOutOfRangeException>());
    });

    private static Func<ProcessGroup, BatchNorm> TorchSharps(bool isMaps) => _ => isMaps ? nn.BatchNorm2d(Channels) : nn.BatchNorm1d(Channels);

    /// <summary>Channels of different means and deviations; maps are channels-last, as encoders have them.</summary>
    private static Tensor Input(int rows, bool isMaps)
    {
        Tensor normal = isMaps ? randn(rows, 3, 2, Channels, dtype: ScalarType.Float64) : randn(rows, Channels, dtype: ScalarType.Float64);
        Tensor input = normal * (arange(Channels) + 0.5) + arange(Channels);
        return isMaps ? input.permute(0, 3, 1, 2) : input;
    }

    /// <summary>Normalises rows on as many ranks as there are parts, and goes back from a loss in which each row has weights of its own.</summary>
    private static Result Run(int[] parts, Tensor input, Tensor weights, Func<ProcessGroup, BatchNorm> make, ScalarType? type = null, bool isTraining = true)
    {
        IReadOnlyList<Tensor[]> ofRanks = LocalProcessGroup.Run(parts.Length, group =>
        {
            using var scope = NewDisposeScope();
            int first = parts.Take(group.Rank).Sum(), count = parts[group.Rank];
            BatchNorm module = make(group);
            module.to(type ?? input.dtype);
            module.train(isTraining);
            using (no_grad())
            {
                module.weight!.copy_(arange(Channels) * 0.3 + 0.5);
                module.bias!.copy_(arange(Channels) * 0.1);
                module.running_mean!.fill_(0.25);
            }
            if (parts.Length > 1)
            {
                SyncBatchNorm.SetGroup(module, group);
            }
            Tensor own = input.narrow(0, first, count).detach().clone().requires_grad_();
            Tensor output = nn.functional.relu(module.call(own), inplace: true); // as encoders have it
            (output * weights.narrow(0, first, count)).sum().backward();
            Tensor[] sums = [module.weight!.grad!, module.bias!.grad!];
            foreach (Tensor sum in sums)
            {
                group.AllReduce(sum);
            }
            Tensor[] results = [output.detach(), own.grad!, .. sums, module.running_mean!, module.running_var!, module.num_batches_tracked!];
            return results.Select(result => result.clone().DetachFromDisposeScope()).ToArray();
        });
        return new Result(
            cat([.. ofRanks.Select(results => results[0])]),
            [cat([.. ofRanks.Select(results => results[1])]), .. ofRanks[0][2..4]],
            [.. ofRanks.Select(results => results[4..])]);
    }

    private static NUnit.Framework.Constraints.PredicateConstraint<Tensor> IsNear(Tensor wanted, double tolerance) =>
        new(values => values!.shape.SequenceEqual(wanted.shape) && (values.to(ScalarType.Float64) - wanted.to(ScalarType.Float64)).abs().max().ToDouble() <= tolerance);
}
