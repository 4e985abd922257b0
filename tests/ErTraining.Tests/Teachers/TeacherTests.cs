using ErLoss.SelfSupervised.Teachers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErTraining.Tests.Teachers;

internal sealed class TeacherTests : TensorTests
{
    [TestCase(0)]
    [TestCase(0.3)]
    [TestCase(0.996)]
    [TestCase(1)]
    public void Weights_follow_by_the_momentum_and_running_statistics_stay(double momentum)
    {
        using Sequential teacher = Network(), student = Network();
        double[][] before = [.. teacher.parameters().Select(Values)];
        long live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Teacher.Follow(teacher, student, momentum);
        Assert.Multiple(() =>
        {
            Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(live));
            foreach ((double[] old, (Parameter slow, Parameter fast)) in before.Zip(teacher.parameters().Zip(student.parameters())))
            {
                double[] wanted = [.. old.Zip(Values(fast), (a, b) => momentum * a + (1 - momentum) * b)];
                Assert.That(Values(slow), Is.EqualTo(wanted).Within(1e-6));
            }
            Assert.That(((BatchNorm2d)teacher[1]).running_mean!.abs().max().ToDouble(), Is.Zero);
        });
    }

    /// <summary>Of other weights than the last.</summary>
    private static Sequential Network()
    {
        Sequential network = nn.Sequential(nn.Conv2d(3, 7, 3), nn.BatchNorm2d(7), nn.Linear(7, 33));
        using var frozen = no_grad();
        foreach (Parameter weight in network.parameters())
        {
            weight.normal_();
        }
        return network;
    }

    private static double[] Values(Parameter weight) => [.. weight.detach().data<float>().Select(value => (double)value)];
}
