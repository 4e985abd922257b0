using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Bad views: each is refused by the member that is wrong, with what was found and what is wanted.</summary>
internal sealed class ViewArgumentTests : TensorTests
{
    private static IEnumerable<TestCaseData> Unfit()
    {
        static Tensor Fit() => ones(4, 3);
        static TestCaseData Case(string name, Func<ProjectedViews> make, string member, params string[] said) =>
            new TestCaseData(make, member, said).SetArgDisplayNames(name);

        yield return Case("no projection", () => new ProjectedViews(), "Projections", "empty");
        yield return Case("a short projection", () => new ProjectedViews(Fit(), ones(5, 3)), "Projections[1]", "(5, 3)", "(4, 3)");
        yield return Case("a flat projection", () => new ProjectedViews(ones(4), Fit()), "Projections[0]", "(4)", "(k, d)");
        yield return Case("a null projection", () => new ProjectedViews(Fit(), null!), "Projections[1]");
        yield return Case("no prediction", () => new ProjectedViews(Fit(), Fit()) { Predictions = [] }, "Predictions", "empty");
        yield return Case("a wide prediction", () => new ProjectedViews(Fit(), Fit()) { Predictions = [Fit(), ones(4, 5)] }, "Predictions[1]", "(4, 5)", "(4, 3)");
        yield return Case("no targets", () => new ProjectedViews(Fit(), Fit()) { Targets = [] }, "Targets", "empty");
        yield return Case("a double target", () => new ProjectedViews(Fit(), Fit()) { Targets = [Fit(), ones(4, 3, float64)] }, "Targets[1]", "Float64", "Float32");
        yield return Case("a target elsewhere", () => new ProjectedViews(Fit()) { Target = ones(4, 3, device: device("meta")) }, "Target", "meta", "cpu");
        yield return Case("a target and targets", () => new ProjectedViews(Fit()) { Target = Fit(), Targets = [Fit()] }, "Target", "one of them");
        yield return Case("one view alone", () => new ProjectedViews(Fit()), "", "No prediction meets a target");
        yield return Case("one view and its own target", () => new ProjectedViews(Fit()) { Targets = [Fit()] }, "", "Target");
    }

    [TestCaseSource(nameof(Unfit))]
    public void UnfitViewsAreRefusedByTheMemberOnEitherSupport(Func<ProjectedViews> make, string member, string[] said)
    {
        foreach (Support support in Enum.GetValues<Support>())
        {
            AssertRefused(make(), new EntropyReconstructionOptions { Support = support }, member, said);
        }
    }

    [Test]
    public void ClassNumbersAreRefusedWhereTheyNameNoClassOrNoRow()
    {
        var discrete = new EntropyReconstructionOptions { Support = Support.Discrete };
        ProjectedViews With(Tensor target) => new(ones(4, 3)) { Target = target };
        AssertRefused(With(tensor(new long[] { 0, 1, 3, 0 })), discrete, "Target", "from 0 to 3", "from 0 to 2");
        AssertRefused(With(tensor(new long[] { 0, -1, 2, 0 })), discrete, "Target", "from -1 to 2");
        AssertRefused(With(tensor(new long[] { 0, 1, 2 })), discrete, "Target", "(3)", "(4)");
        AssertRefused(With(tensor(new int[] { 0, 1, 2, 0 })), discrete, "Target", "(k, d)");
        AssertRefused(With(tensor(new long[] { 0, 1, 2, 0 })), new EntropyReconstructionOptions(), "Target", "(k, d)");
        AssertRefused(
            new ProjectedViews(ones(4, 3), ones(4, 3)) { Targets = [tensor(new long[] { 0, 1, 2, 0 }), ones(4, 3)] }, discrete, "Targets[1]", "Float32", "Int64");
    }

    [Test]
    public void WhatTheSettingsWantIsRefusedByTheFirstProjection()
    {
        AssertRefused(new ProjectedViews(ones(1, 3), ones(1, 3)), new EntropyReconstructionOptions { LeaveOneOut = true }, "Projections[0]", "k = 1");
        Tensor elsewhere = ones(4, 3, device: device("meta"));
        AssertRefused(new ProjectedViews(elsewhere, elsewhere), new EntropyReconstructionOptions { LearnKappa = true }, "Projections[0]", "meta", "cpu");
    }

    [Test]
    public void NullIsRefusedByName()
    {
        using var loss = new EntropyReconstructionLoss();
        Assert.That(() => loss.terms(null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("views"));
        Assert.That(() => new ProjectedViews(null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("projections"));
    }

    private static void AssertRefused(ProjectedViews views, EntropyReconstructionOptions options, string member, params string[] said)
    {
        using var loss = new EntropyReconstructionLoss(options);
        string name = member.Length == 0 ? "views" : $"views.{member}";
        ArgumentException refusal = Assert.Catch<ArgumentException>(() => loss.terms(views))!;
        Assert.That(refusal.ParamName, Is.EqualTo(name));
        Assert.That(said.Where(text => !refusal.Message.Contains(text, StringComparison.Ordinal)), Is.Empty, refusal.Message);
    }
}
