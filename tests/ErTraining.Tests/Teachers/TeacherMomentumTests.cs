using ErLoss.SelfSupervised.Teachers;

namespace ErTraining.Tests.Teachers;

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
}
