using ErLoss.Modules.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Distributed;

/// <summary>Threads as ranks: their collectives, and that no rank waits for one that is gone.</summary>
internal sealed class LocalProcessGroupTests : TensorTests
{
    [Test]
    public void Collectives_give_every_rank_what_all_have()
    {
        IReadOnlyList<string> results = LocalProcessGroup.Run(3, group => CollectiveChecks.Run(group));
        Assert.That(results, Is.All.Empty);
    }

    [Test]
    public void A_group_of_one_needs_no_other() => LocalProcessGroup.Run(1, group => Assert.That(CollectiveChecks.Run(group), Is.Empty));

    [Test]
    public void A_rank_that_throws_ends_the_others_and_its_exception_is_thrown()
    {
        var others = new string?[3];
        NotSupportedException? thrown = Assert.Throws<NotSupportedException>(() => LocalProcessGroup.Run(3, group =>
        {
            group.Barrier();
            if (group.Rank == 1)
            {
                throw new NotSupportedException("no more");
            }
            others[group.Rank] = Assert.Throws<InvalidOperationException>(group.Barrier)!.Message;
        }));
        Assert.That(thrown!.Message, Is.EqualTo("no more"));
        Assert.That(others, Is.EqualTo(new[] { "Rank 1 has failed, so that the others cannot go on: no more", null, "Rank 1 has failed, so that the others cannot go on: no more" }));
    }

    [Test]
    public void A_rank_that_ends_early_ends_the_others() => Assert.That(
        () => LocalProcessGroup.Run(3, group =>
        {
            if (group.Rank != 2)
            {
                group.Barrier();
            }
        }),
        Throws.InvalidOperationException.With.Message.EqualTo("Rank 2 has ended while others wait for it in a collective. All ranks must call the same collectives."));

    [Test]
    public void Different_collectives_are_an_error_that_names_the_ranks() => Assert.That(
        () => LocalProcessGroup.Run(2, group =>
        {
            using Tensor numbers = zeros(3);
            if (group.Rank == 0)
            {
                group.AllReduce(numbers);
            }
            else
            {
                group.Broadcast(numbers);
            }
        }),
        Throws.InvalidOperationException.With.Message.EqualTo("The ranks call different collectives: AllReduce Sum of Float32 [3] on rank 0, Broadcast from 0 of Float32 [3] on rank 1. All ranks must call the same."));

    [Test]
    public void Ranks_that_have_called_different_collectives_can_go_on() => LocalProcessGroup.Run(3, group =>
    {
        for (int i = 0; i < 50; i++)
        {
            using Tensor numbers = zeros(2), sum = ones(2);
            Assert.That(() => group.Broadcast(numbers, group.Rank == i % 3 ? 0 : 1), Throws.InvalidOperationException.With.Message.StartsWith("The ranks call different collectives"));
            group.AllReduce(sum);
            Assert.That(sum.sum().ToDouble(), Is.EqualTo(6));
        }
    });

    [Test]
    public void Rows_that_do_not_fit_together_are_an_error_that_names_the_ranks() => Assert.That(
        () => LocalProcessGroup.Run(3, group =>
        {
            using Tensor rows = zeros(2, group.Rank == 1 ? 4 : 3);
            group.AllGather(rows).Dispose();
        }),
        Throws.ArgumentException.With.Message.StartsWith("The ranks differ in the second dimension: 3 on ranks 0 and 2, 4 on rank 1. All ranks must have the same."));

    [Test]
    public void What_no_collective_can_take_is_refused() => LocalProcessGroup.Run(1, group =>
    {
        using var scope = NewDisposeScope();
        Assert.That(() => group.AllGather(zeros([])), Throws.ArgumentException.With.Message.StartsWith("The tensor is a scalar"));
        Assert.That(() => group.AllReduce(zeros(2, ScalarType.Bool)), Throws.ArgumentException.With.Message.StartsWith("The dtype is Bool"));
        Assert.That(() => group.AllReduce(zeros(2, requires_grad: true)), Throws.ArgumentException.With.Message.Contains("detach()"));
        Assert.That(() => group.Broadcast(zeros(2), 1), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.StartsWith("The root is 1; a rank from 0 to 0 is wanted."));
        Assert.That(() => LocalProcessGroup.Run(0, _ => { }), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(group.ToString(), Is.EqualTo("LocalProcessGroup(rank 0 of 1)"));
    });
}
