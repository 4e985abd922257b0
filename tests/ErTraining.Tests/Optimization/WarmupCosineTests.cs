using ErLoss.Training.Optimization;

namespace ErTraining.Tests.Optimization;

internal sealed class WarmupCosineTests
{
    [Test]
    public void The_rate_rises_in_a_line_to_its_peak()
    {
        var schedule = new WarmupCosine(peak: 2, warmupSteps: 4, totalSteps: 100);
        Assert.That(Enumerable.Range(0, 4).Select(step => schedule.At(step)), Is.EqualTo(new[] { 0.5, 1, 1.5, 2 }).Within(1e-15));
    }

    [Test]
    public void After_the_peak_it_falls_along_half_a_cosine_and_never_rises()
    {
        var schedule = new WarmupCosine(peak: 2, warmupSteps: 10, totalSteps: 110);
        double[] rates = [.. Enumerable.Range(10, 100).Select(step => schedule.At(step))];
        Assert.Multiple(() =>
        {
            Assert.That(rates[0], Is.EqualTo(2).Within(1e-15));
            Assert.That(rates[50], Is.EqualTo(1).Within(1e-12), "half-way down at half the time");
            Assert.That(rates[^1], Is.InRange(0, 1e-3));
            Assert.That(rates, Is.Ordered.Descending);
        });
    }

    [Test]
    public void A_run_too_short_for_a_warm_up_starts_at_the_peak() =>
        Assert.That(new WarmupCosine(peak: 3, warmupSteps: 0, totalSteps: 5).At(0), Is.EqualTo(3));
}
