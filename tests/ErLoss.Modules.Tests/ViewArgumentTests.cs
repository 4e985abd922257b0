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

    private static IEnumerable<TestCaseData> UnfitRows()
    {
        static ProjectedViews Views(Tensor? weights = null, Tensor? mask = null, Tensor? ids = null, Tensor? labels = null, params Centers[] centers) =>
            new(ones(4, 3), ones(4, 3)) { Weights = weights, Mask = mask, Ids = ids, Labels = labels, Centers = centers };
        static TestCaseData Case(string name, Func<ProjectedViews> make, string member, params string[] said) =>
            new TestCaseData(make, member, said).SetArgDisplayNames(name);

        yield return Case("few weights", () => Views(weights: ones(3)), "Weights", "(3)", "(4)");
        yield return Case("a matrix of weights", () => Views(weights: ones(4, 1)), "Weights", "(4, 1)", "(4)");
        yield return Case("weights of bytes", () => Views(weights: ones(4, ScalarType.Byte)), "Weights", "Byte", "Float32");
        yield return Case("a mask for weights", () => Views(weights: ones(4, ScalarType.Bool)), "Weights", "Float64 or Int64 is wanted. A mask leaves rows out");
        yield return Case("weights elsewhere", () => Views(weights: ones(4, device: device("meta"))), "Weights", "meta", "cpu");
        yield return Case("a negative weight", () => Views(weights: tensor(new[] { 1.0, -1, 1, 1 })), "Weights", "negative or not finite");
        yield return Case("an infinite weight", () => Views(weights: tensor(new[] { 1.0, double.PositiveInfinity, 1, 1 })), "Weights", "negative or not finite");
        yield return Case("weights to be learnt", () => Views(weights: ones(4).requires_grad_()), "Weights", "Detach");
        yield return Case("a mask of numbers", () => Views(mask: ones(4)), "Mask", "Float32", "Bool");
        yield return Case("a long mask", () => Views(mask: ones(5, ScalarType.Bool)), "Mask", "(5)", "(4)");
        yield return Case("labels that are not whole", () => Views(labels: ones(4)), "Labels", "Float32", "Int64");
        yield return Case(
            "labels and targets", () => new ProjectedViews(ones(4, 3), ones(4, 3)) { Labels = ones(4, ScalarType.Int64), Target = ones(4, 3) }, "Labels", "Target is given as well");
        yield return Case(
            "labels and predictions",
            () => new ProjectedViews(ones(4, 3), ones(4, 3)) { Labels = ones(4, ScalarType.Int64), Predictions = [ones(4, 3)] },
            "Labels",
            "Predictions are given as well");
        yield return Case("three centres for two views", () => Views(centers: [new(ones(1, 3)), new(ones(1, 3)), new(ones(1, 3))]), "Centers", "3 sets", "2 views");
        yield return Case("no centres object", () => Views(centers: [null!]), "Centers[0]");
        yield return Case("wide centres", () => Views(centers: [new(ones(2, 4))]), "Centers[0].Rows", "(2, 4)", "(m, 3)");
        yield return Case("double centres", () => Views(centers: [new(ones(2, 3, float64))]), "Centers[0].Rows", "Float64", "Float32");
        yield return Case("too many centres", () => Views(centers: [new(empty((1 << 30) + 1, 3, device: device("meta")))]), "Centers[0].Rows", "(1073741825, 3)", "at most 1073741824 rows");
        yield return Case("centres elsewhere", () => Views(centers: [new(ones(2, 3, device: device("meta")))]), "Centers[0].Rows", "meta", "cpu");
        yield return Case("few weights of centres", () => Views(centers: [new(ones(2, 3)) { Weights = ones(3) }]), "Centers[0].Weights", "(3)", "(2)");
    }

    [TestCaseSource(nameof(UnfitRows))]
    public void WhatIsSaidOfRowsIsRefusedByTheMemberOnEitherSupport(Func<ProjectedViews> make, string member, string[] said) => UnfitViewsAreRefusedByTheMemberOnEitherSupport(make, member, said);

    [Test]
    public void IdsAreRefusedOnClassesAndForCentresOfABatchWithoutThem()
    {
        EntropyReconstructionOptions sphere = new(), discrete = new() { Support = Support.Discrete };
        Tensor ids = ones(4, ScalarType.Int64);
        AssertRefused(new ProjectedViews(ones(4, 3), ones(4, 3)) { Ids = ids }, discrete, "Ids", "Use weights");
        AssertRefused(new ProjectedViews(ones(4, 3), ones(4, 3)) { Ids = ids[..3] }, sphere, "Ids", "(3)", "(4)");
        AssertRefused(new ProjectedViews(ones(4, 3), ones(4, 3)) { Centers = [new(ones(4, 3)) { Ids = ids }] }, sphere, "Centers[0].Ids", "Give the batch's ids too");
    }

    [Test]
    public void TheFunctionalFormsRefuseByTheArgument()
    {
        Tensor rows = ones(4, 3), few = ones(3);
        (Action Call, string Name)[] calls =
        [
            (() => EntropyReconstruction.entropy(rows, weights: few), "weights"),
            (() => EntropyReconstruction.entropy(rows, mask: few), "mask"),
            (() => EntropyReconstruction.entropy(rows, ids: few), "ids"),
            (() => EntropyReconstruction.entropy(rows, support: Support.Discrete, ids: ones(4, ScalarType.Int64)), "ids"),
            (() => EntropyReconstruction.entropy(rows, centers: new Centers(ones(4, 2))), "centers.Rows"),
            (() => EntropyReconstruction.reconstruction(rows, rows, weights: few), "weights"),
            (() => EntropyReconstruction.reconstruction(rows, rows, mask: few), "mask"),
        ];
        foreach ((Action call, string name) in calls)
        {
            Assert.That(call, Throws.ArgumentException.With.Property("ParamName").EqualTo(name));
        }
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
        AssertRefused(With(tensor(new int[] { 0, 1, 2, 0 })), discrete, "Target", "Int32", "Int64 is wanted of class numbers");
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

    // What a teacher of classes gives are often logits; zero is a probability, and a row that does not count may hold anything.
    [Test]
    public void NegativeProbabilitiesOfClassesAreRefused()
    {
        using var loss = new EntropyReconstructionLoss(support: Support.Discrete);
        Tensor z = ones(2, 3), probabilities = tensor(new[,] { { 0f, 0.5f, 0.5f }, { 0, 0, 1 } }), logits = tensor(new[,] { { 0.1f, 0.5f, 0.5f }, { 0, -1, 1 } });
        AssertRefused(new ProjectedViews(z) { Target = logits }, loss.Options, "Target", ["negative", "softmax"]);
        AssertRefused(new ProjectedViews(z, z) { Targets = [probabilities, logits] }, loss.Options, "Targets[1]", ["negative"]);
        AssertRefused(new ProjectedViews(z, z) { Centers = [new(logits)] }, loss.Options, "Centers[0].Rows", ["negative"]);
        Assert.That(loss.terms(new ProjectedViews(z, z) { Targets = [probabilities, probabilities] }).Loss.isfinite().item<bool>());
        Assert.That(loss.terms(new ProjectedViews(z) { Target = logits, Mask = tensor(new[] { true, false }) }).Loss.isfinite().item<bool>());
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
