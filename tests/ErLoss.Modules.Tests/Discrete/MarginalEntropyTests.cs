using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Further centres and masked classes of rows that count by weights.</summary>
internal sealed class MarginalEntropyTests : TensorTests
{
    private static readonly double[,] s_probabilities = { { 0.5, 0.5, 0 }, { 0.25, 0.75, 0 } };

    // r = (3/8, 5/8, 0) of two rows; with a centre (0, 1/2, 1/2) of weight 2, c = (3/16, 9/16, 1/4).
    [Test]
    public void ItIsTheCrossEntropyOfTheRowsMarginalWithThatOfAllCentres([Values] bool asLogits)
    {
        Tensor rows = (asLogits ? s_probabilities.Select(Math.Log) : s_probabilities).ToTensor();
        var centers = new Centers(new[,] { { 0, 0.5, 0.5 } }.ToTensor()) { Weights = tensor(new[] { 2.0 }) };
        double PlugIn(Centers? further) => Entropy(rows, EntropyEstimator.PlugIn, asLogits, further).ToDouble();
        Assert.That(PlugIn(centers), Is.EqualTo(-(3 / 8.0 * Math.Log(3 / 16.0)) - (5 / 8.0 * Math.Log(9 / 16.0))).Within(1e-15));
        Assert.That(PlugIn(null), Is.EqualTo(-(3 / 8.0 * Math.Log(3 / 8.0)) - (5 / 8.0 * Math.Log(5 / 8.0))).Within(1e-15));
        Assert.That(PlugIn(new Centers(empty(0, 3, float64))), Is.EqualTo(PlugIn(null)));
        Assert.That(PlugIn(new Centers(empty(0, 3, float64)) { Weights = empty(0) }), Is.EqualTo(PlugIn(null)));
        double average = -(Math.Log(3 / 16.0) + Math.Log(9 / 16.0) + Math.Log(1 / 4.0)) / 3;
        Assert.That(Entropy(rows, EntropyEstimator.Joe, asLogits, centers).ToDouble(), Is.EqualTo(average).Within(1e-15));
    }

    // A past batch as one centre: its marginal, with its size as weight.
    [Test]
    public void APastBatchIsOneCentre([Values] EntropyEstimator estimator)
    {
        Tensor rows = Draw.Normal(1, 4, 3).ToLeaf(), past = Draw.Probabilities(2, 7, 3).ToLeaf();
        Tensor all = Entropy(rows, estimator, true, new Centers(past)), one = Entropy(rows, estimator, true, new Centers(past.mean([0], keepdim: true)) { Weights = tensor(new[] { 7.0 }) });
        Assert.That(one.ToDouble(), Is.EqualTo(all.ToDouble()).Within(1e-15));
        foreach ((Tensor gradient, Tensor expected) in autograd.grad([one], [rows, past]).Zip(autograd.grad([all], [rows, past])))
        {
            Assert.That((gradient - expected).abs().max().ToDouble(), Is.LessThan(1e-15));
        }
    }

    [Test]
    public void OneSetOfCentresServesAllViewsAndSeveralServeOneEach()
    {
        using var loss = new EntropyReconstructionLoss(support: Support.Discrete);
        Tensor[] views = [Draw.Normal(1, 4, 3).ToTensor(), Draw.Normal(2, 4, 3).ToTensor()];
        Centers[] centers = [new(Draw.Probabilities(3, 2, 3).ToTensor()), new(Draw.Probabilities(4, 5, 3).ToTensor())];
        double Mean(int first, int second) =>
            (Entropy(views[0], EntropyEstimator.PlugIn, true, centers[first]).ToDouble() + Entropy(views[1], EntropyEstimator.PlugIn, true, centers[second]).ToDouble()) / 2;
        Assert.That(loss.terms(new ProjectedViews(views) { Centers = centers }).Entropy.ToDouble(), Is.EqualTo(Mean(0, 1)).Within(1e-15));
        Assert.That(loss.terms(new ProjectedViews(views) { Centers = centers[..1] }).Entropy.ToDouble(), Is.EqualTo(Mean(0, 0)).Within(1e-15));
    }

    // Class 2 is masked in the rows that count, class 1 in one of them.
    [Test]
    public void AClassThatIsMaskedInAllRowsThatCountDoesNotCountInTheAverage([Values(ScalarType.Float32, ScalarType.Float64)] ScalarType dtype)
    {
        const double Masked = double.NegativeInfinity;
        Tensor logits = new[,] { { 0, 0, Masked }, { 0, 0, 0 }, { 0, Masked, Masked } }.ToLeaf(dtype);
        Tensor weights = tensor(new[] { 3.0, 0, 1 });
        Tensor value = EntropyReconstruction.entropy(logits, support: Support.Discrete, estimator: EntropyEstimator.Joe, weights: weights);
        value.backward();
        Assert.That(value.ToDouble(), Is.EqualTo(-(Math.Log(5 / 8.0) + Math.Log(3 / 8.0)) / 2).Within(1e-6));
        Assert.That(logits.grad!.isfinite().all().ToBoolean());
        Assert.That(logits.grad![1].abs().max().ToDouble(), Is.Zero);
        Assert.That(logits.grad![0].abs().max().ToDouble(), Is.GreaterThan(0.01));
    }

    // Logarithms of probabilities that are no numbers stay exact beside centres that give the class nothing, and beside weights.
    [Test]
    public void LogitsFarApartStayExact([Values(ScalarType.Float32, ScalarType.Float64)] ScalarType dtype)
    {
        Tensor logits = new[,] { { 0.0, -1000 }, { 0, -1000 } }.ToLeaf(dtype);
        Tensor value = EntropyReconstruction.entropy(
            logits,
            support: Support.Discrete,
            estimator: EntropyEstimator.Joe,
            weights: tensor(new[] { 1.0, 3 }),
            centers: new Centers(new[,] { { 1.0, 0 } }.ToTensor(dtype)) { Weights = tensor(new[] { 4.0 }) });
        value.backward();
        // Half of the centres have e^-1000 there.
        Assert.That(value.ToDouble(), Is.EqualTo((1000 + Math.Log(2)) / 2).Within(dtype == ScalarType.Float32 ? 1e-4 : 1e-12));
        Assert.That(logits.grad![0, 1].ToDouble(), Is.EqualTo(-1 / 8.0).Within(1e-4));
    }

    private static Tensor Entropy(Tensor rows, EntropyEstimator estimator, bool asLogits, Centers? centers) =>
        EntropyReconstruction.entropy(rows, support: Support.Discrete, estimator: estimator, normalizeInputs: asLogits, centers: centers);
}
