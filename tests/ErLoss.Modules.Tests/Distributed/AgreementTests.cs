using ErLoss.Modules.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Distributed;

/// <summary>Ranks whose inputs or settings differ all end in one error that names them.</summary>
internal sealed class AgreementTests : TensorTests
{
    private static readonly EntropyReconstructionOptions s_options = new();

    private static readonly TestCaseData[] s_differences =
    [
        Case("The ranks differ in the number of columns: 4 on ranks 0 and 2, 6 on rank 1.", rank => new(Rows(3, rank == 1 ? 6 : 4), Rows(3, rank == 1 ? 6 : 4))),
        Case("The ranks differ in the dtype: Float64 on ranks 0 and 1, Float32 on rank 2.", rank => new(Rows(3, 4, rank == 2), Rows(3, 4, rank == 2))),
        Case("The ranks differ in the number of projections: 2 on rank 0, 3 on ranks 1 and 2.", rank => rank == 0 ? new(Rows(3), Rows(3)) : new(Rows(3), Rows(3), Rows(3))),
        Case("The ranks differ in whether there are weights: no on ranks 0 and 2, yes on rank 1.", rank => new(Rows(3), Rows(3)) { Weights = rank == 1 ? ones(3) : null }),
        Case("The ranks differ in the number of further centres: 5 on rank 0, 6 on rank 1, 7 on rank 2.", rank => new(Rows(3), Rows(3)) { Centers = [new Centers(Rows(5 + rank))] }),
        Case("The ranks differ in κ: 10 on rank 0, 10.5 on ranks 1 and 2.", _ => new(Rows(3), Rows(3)), rank => s_options with { Kappa = rank == 0 ? 10 : 10.5 }),
        Case("The ranks differ in Estimator: Joe on ranks 0 and 1, PlugIn on rank 2.", _ => new(Rows(3), Rows(3)), rank => s_options with { Estimator = rank == 2 ? EntropyEstimator.PlugIn : EntropyEstimator.Joe }),
        Case("The ranks differ in EntropyWeight: 1 on ranks 0 and 2, 0 on rank 1.", _ => new(Rows(3), Rows(3)), rank => s_options with { EntropyWeight = rank == 1 ? 0 : 1 }),
        Case("The ranks differ in Support: Sphere on ranks 0 and 1, Discrete on rank 2.", _ => new(Rows(3), Rows(3)), rank => s_options with { Support = rank == 2 ? Modules.Support.Discrete : Modules.Support.Sphere }),
    ];

    [TestCaseSource(nameof(s_differences))]
    public void A_difference_is_one_error_on_every_rank(string message, object views, object options)
    {
        IReadOnlyList<string> messages = LocalProcessGroup.Run(3, group =>
        {
            using var scope = NewDisposeScope();
            using var loss = new EntropyReconstructionLoss(((Func<int, EntropyReconstructionOptions>)options)(group.Rank) with { Group = group });
            return Assert.Throws<ArgumentException>(() => loss.terms(((Func<int, ProjectedViews>)views)(group.Rank)))!.Message;
        });
        Assert.That(messages, Is.All.EqualTo($"{message} All ranks must have the same. (Parameter 'views')"));
    }

    [Test]
    public void A_rank_whose_inputs_are_refused_is_named_on_the_others_and_the_loss_goes_on_to_work()
    {
        IReadOnlyList<string> messages = LocalProcessGroup.Run(3, group =>
        {
            using var scope = NewDisposeScope();
            using var loss = new EntropyReconstructionLoss(s_options with { Group = group });
            Tensor rows = group.Rank == 1 ? Rows(3)[0] : Rows(3);
            string message = Assert.Catch(() => loss.call(rows, rows))!.Message;
            Assert.That(loss.call(Rows(3), Rows(3)).ToDouble(), Is.Not.NaN);
            return message;
        });
        const string OnOthers = "The inputs of rank 1 are refused; the exception there says why.";
        Assert.That(messages[1], Does.StartWith("The shape is (4); (k, d) is wanted"));
        Assert.That((messages[0], messages[2]), Is.EqualTo((OnOthers, OnOthers)));
    }

    /// <summary>It is refused after the other inputs are, and the others must not wait for it.</summary>
    [Test]
    public void A_rank_whose_learnt_κ_has_left_its_range_is_named_on_the_others()
    {
        IReadOnlyList<string> messages = LocalProcessGroup.Run(2, group =>
        {
            using var scope = NewDisposeScope();
            using var loss = new EntropyReconstructionLoss(s_options with { Group = group, LearnKappa = true });
            loss.get_parameter("log_kappa")!.detach().fill_(group.Rank == 1 ? double.NaN : 1);
            return Assert.Catch(() => loss.call(Rows(3), Rows(3)))!.Message;
        });
        Assert.That(messages[0], Is.EqualTo("The inputs of rank 1 are refused; the exception there says why."));
        Assert.That(messages[1], Does.StartWith("The learnt κ has become NaN"));
    }

    [TestCase(0, 0, false, "All ranks together have 0 rows; from 1 to 1073741824 are wanted.")]
    [TestCase(0, 1, true, "All ranks together have one row; leave-one-out wants at least two, or further centres.")]
    public void Too_few_rows_of_all_ranks_are_an_error_on_each(int ofFirst, int ofSecond, bool leaveOneOut, string message)
    {
        IReadOnlyList<string> messages = LocalProcessGroup.Run(2, group =>
        {
            using var scope = NewDisposeScope();
            using var loss = new EntropyReconstructionLoss(s_options with { Group = group, LeaveOneOut = leaveOneOut });
            Tensor rows = Rows(1)[..(group.Rank == 0 ? ofFirst : ofSecond)];
            return Assert.Throws<ArgumentException>(() => loss.call(rows, rows))!.Message;
        });
        Assert.That(messages, Is.All.StartWith(message));
    }

    [Test]
    public void Forms_that_ranks_cannot_share_are_refused() => LocalProcessGroup.Run(2, group =>
    {
        Assert.That(
            () => new EntropyReconstructionLoss(s_options with { Group = group, Estimator = EntropyEstimator.Joe, Reduction = nn.Reduction.None }),
            Throws.ArgumentException.With.Message.Contains("Reduction.Mean is wanted").And.Message.Contains("options.Group"));
        Assert.That(
            () => new EntropyReconstructionLoss(s_options with { Group = group, Evaluation = KernelEvaluation.Attention }),
            Throws.ArgumentException.With.Message.Contains("serves one process").And.Message.Contains("options.Group"));
    });

    /// <summary>As processors of two kinds may round it.</summary>
    [Test]
    public void A_κ_that_differs_by_rounding_is_no_difference() => LocalProcessGroup.Run(2, group =>
    {
        using var scope = NewDisposeScope();
        using var loss = new EntropyReconstructionLoss(s_options with { Group = group, Kappa = group.Rank == 0 ? 10 : Math.BitIncrement(10) });
        Assert.That(loss.call(Rows(3), Rows(3)).ToDouble(), Is.Not.NaN);
    });

    [Test]
    public void A_single_row_on_each_rank_is_enough_for_leave_one_out()
    {
        IReadOnlyList<double> values = LocalProcessGroup.Run(2, group =>
        {
            using var scope = NewDisposeScope();
            using var loss = new EntropyReconstructionLoss(s_options with { Group = group, LeaveOneOut = true });
            return loss.call(Rows(1), Rows(1)).ToDouble();
        });
        Assert.That(values[0], Is.EqualTo(values[1]).And.Not.NaN);
    }

    [Test]
    public void Settings_with_a_group_are_equal_where_the_group_is_one_and_their_text_says_it() => LocalProcessGroup.Run(2, group =>
    {
        Assert.That(s_options with { Group = group }, Is.EqualTo(new EntropyReconstructionOptions { Group = group }).And.Not.EqualTo(s_options));
        using var loss = new EntropyReconstructionLoss(s_options with { Group = group });
        Assert.That(loss.ToString(), Does.EndWith($"Group: LocalProcessGroup(rank {group.Rank} of 2))"));
    });

    private static Tensor Rows(int rows, int columns = 4, bool isSingle = false) => Draw.Normal(7, rows, columns).ToTensor(isSingle ? ScalarType.Float32 : ScalarType.Float64);

    private static TestCaseData Case(string message, Func<int, ProjectedViews> views, Func<int, EntropyReconstructionOptions>? options = null) =>
        new TestCaseData(message, views, options ?? (_ => s_options)).SetArgDisplayNames(message);
}
