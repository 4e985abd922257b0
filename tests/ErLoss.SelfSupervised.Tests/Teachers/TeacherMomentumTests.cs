using ErLoss.SelfSupervised.Teachers;

namespace ErLoss.SelfSupervised.Tests.Teachers;

internal sealed class TeacherMomentumTests
{
    [TestCase(0, 0.8)]
    [TestCase(0.5, 0.9)]
    [TestCase(1.0 / 3, 0.85)]
    [TestCase(1, 1)]
    public void It_rises_to_one_along_half_a_cosine(double progress, double expected) =>
        Assert.That(new TeacherMomentum(0.8, RisesToOne: true).At(progress), Is.EqualTo(expected).Within(1e-15));

    [TestCase(0)]
    [TestCase(0.7)]
    [TestCase(1)]
    public void Fixed_it_stays(double progress) =>
        Assert.That(new TeacherMomentum(0.8, RisesToOne: false).At(progress), Is.EqualTo(0.8));

    [TestCase(0.8, -0.1, "progress")]
    [TestCase(0.8, 1.1, "progress")]
    [TestCase(0.8, double.NaN, "progress")]
    [TestCase(1.5, 0.5, "Start")]
    public void What_is_no_fraction_is_refused(double start, double progress, string name) => Assert.That(
        () => new TeacherMomentum(start, RisesToOne: true).At(progress),
        Throws.InstanceOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo(name));
}
