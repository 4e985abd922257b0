using ErLoss.SelfSupervised.Teachers;
using NUnit.Framework.Constraints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Teachers;

internal sealed class TeacherTests : TensorTests
{
    [Test]
    public void Weights_and_buffers_follow_as_asked_for(
        [Values(0, 0.3, 0.996, 1)] double momentum, [Values] TeacherBuffers buffers, [Values(ScalarType.Float32, ScalarType.Float64)] ScalarType type)
    {
        using Sequential teacher = Network(type), student = Network(type);
        double[][] slowWeights = Weights(teacher), fastWeights = Weights(student), slowBuffers = Buffers(teacher), fastBuffers = Buffers(student);
        long live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Teacher.Follow(teacher, student, momentum, buffers);
        long after = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        double ofBuffers = buffers switch { TeacherBuffers.Own => 1, TeacherBuffers.Copied => 0, _ => momentum };
        double[][] wanted = Mixed(slowBuffers, fastBuffers, ofBuffers);
        wanted[^1] = buffers == TeacherBuffers.Own ? slowBuffers[^1] : fastBuffers[^1]; // the counter of batches, an integer
        Assert.Multiple(() =>
        {
            Assert.That(after, Is.EqualTo(live));
            Assert.That(Weights(teacher), Is.EqualTo(Mixed(slowWeights, fastWeights, momentum)).Within(1e-6));
            Assert.That(Buffers(teacher), Is.EqualTo(wanted).Within(1e-6));
            Assert.That(Weights(student), Is.EqualTo(fastWeights));
            Assert.That(Buffers(student), Is.EqualTo(fastBuffers));
        });

        static double[][] Mixed(double[][] slow, double[][] fast, double momentum) =>
            [.. slow.Zip(fast, (old, other) => old.Zip(other, (a, b) => momentum * a + (1 - momentum) * b).ToArray())];
    }

    [TestCase(ScalarType.Float32, true)]
    [TestCase(ScalarType.Float64, false)]
    public void A_teacher_is_made_of_a_student_and_takes_no_gradient(ScalarType type, bool training)
    {
        using Sequential student = Network(type);
        student.train(training);
        long start = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using Sequential another = Network();
        long ofAnother = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount - start; // TorchSharp's own modules leave more than their weights
        Tensor generator = Generator.Default.get_state();
        long live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using Sequential teacher = Teacher.Create(student, () => Network());
        long made = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount - live;
        Tensor images = randn(2, 3, 4, 4, type);
        Assert.Multiple(() =>
        {
            Assert.That(made, Is.EqualTo(ofAnother));
            Assert.That(Weights(teacher), Is.EqualTo(Weights(student)));
            Assert.That(Buffers(teacher), Is.EqualTo(Buffers(student)));
            Assert.That(teacher.parameters().Select(weight => (weight.dtype, weight.requires_grad)), Is.All.EqualTo((type, false)));
            Assert.That(student.parameters().Select(weight => weight.requires_grad), Is.All.True);
            Assert.That(teacher.training, Is.EqualTo(training));
            Assert.That(((BatchNorm2d)teacher[1]).training, Is.EqualTo(training));
            Assert.That(teacher.call(images).requires_grad, Is.False);
        });
        Generator.Default.set_state(generator);
        Assert.That(images.equal(randn(2, 3, 4, 4, type)).all().item<bool>(), "making the teacher drew no random numbers");
    }

    [Test]
    public void Weights_that_the_open_scope_would_end_live_and_each_module_has_the_mode_of_its_own()
    {
        using var student = new OwnWeights();
        student.dropout.eval();
        using OwnWeights teacher = Teacher.Create(student, () => new OwnWeights());
        Assert.Multiple(() =>
        {
            Assert.That(teacher.call(ones(1, 3)).data<float>().ToArray(), Is.EqualTo(new float[] { 1, 1, 1 }));
            Assert.That((teacher.training, teacher.dropout.training), Is.EqualTo((true, false)));
        });
        student.eval();
        student.dropout.train();
        using OwnWeights other = Teacher.Create(student, () => new OwnWeights());
        Assert.That((other.training, other.dropout.training), Is.EqualTo((false, true)));
    }

    [Test]
    public void A_network_that_shares_a_tensor_with_its_student_is_refused_by_the_tensor_s_name()
    {
        using BatchNorm1d shared = nn.BatchNorm1d(4);
        using Sequential student = nn.Sequential(("first", nn.Linear(3, 4)), ("second", shared)), other = nn.Sequential(("first", nn.Linear(3, 4)), ("second", shared));
        Assert.Multiple(() =>
        {
            Assert.That(() => Teacher.Create(student, () => other), Refused("teacher", "one tensor in common, second.weight"));
            Assert.That(() => Teacher.Follow(other, student, 0.9), Refused("teacher", "one tensor in common, second.weight"));
            Assert.That(shared.weight!.requires_grad);
        });
    }

    [Test]
    public void Weights_of_several_types_follow_each_in_its_own()
    {
        using Sequential teacher = Mixed(0), student = Mixed(1);
        Teacher.Follow(teacher, student, 0.75);
        Assert.That(Weights(teacher).SelectMany(values => values), Is.All.EqualTo(0.25));
        Assert.That(teacher.parameters().Select(weight => weight.dtype).Distinct(), Is.EqualTo([ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16]));
        using OwnWeights slow = new(ones(3, ScalarType.ComplexFloat32)), fast = new(zeros(3, ScalarType.ComplexFloat32));
        Teacher.Follow(slow, fast, 0.75);
        Assert.That(slow.scale.real.data<float>().ToArray(), Is.All.EqualTo(0.75f));

        static Sequential Mixed(double value)
        {
            nn.Module<Tensor, Tensor>[] layers = [nn.Linear(2, 2), nn.Linear(2, 2).to(ScalarType.Float64), nn.Linear(2, 2).to(ScalarType.BFloat16)];
            Sequential network = nn.Sequential(layers);
            using var frozen = no_grad();
            foreach (Parameter weight in network.parameters())
            {
                weight.fill_(value);
            }
            return network;
        }
    }

    private static IEnumerable<TestCaseData> Others()
    {
        static TestCaseData Case(string name, Func<Sequential> make, string found) => new TestCaseData(make, found).SetArgDisplayNames(name);

        yield return Case("shape", () => nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5)), "0.weight (5, 3)");
        yield return Case("fewer layers", () => nn.Sequential(nn.Linear(3, 4)), "nothing against 1.weight (4), Float32 on cpu");
        yield return Case("more layers", () => nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 4)), "2.weight (4, 4), Float32 on cpu against nothing");
        yield return Case("names", () => nn.Sequential(("first", nn.Linear(3, 4)), ("second", nn.BatchNorm1d(4))), "first.weight");
        yield return Case("type", () => nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).to(ScalarType.Float64), "Float64");
        yield return Case("device", () => nn.Sequential(nn.Linear(3, 4, device: device("meta")), nn.BatchNorm1d(4)), "meta");
        yield return Case("buffers", () => nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, track_running_stats: false)), "nothing against 1.running_mean");
    }

    [TestCaseSource(nameof(Others))]
    public void A_network_of_another_make_is_refused_by_the_first_tensor_that_differs(Func<Sequential> make, string found)
    {
        using Sequential student = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), other = make();
        double[][] before = Weights(student);
        Assert.Multiple(() =>
        {
            Assert.That(() => Teacher.Create(other, student), Refused("teacher", found));
            Assert.That(() => Teacher.Follow(other, student, 0.9, TeacherBuffers.Copied), Refused("teacher", found));
            Assert.That(Weights(student), Is.EqualTo(before));
        });
    }

    [Test]
    public void A_network_is_not_its_own_teacher_and_a_momentum_is_a_fraction()
    {
        using Sequential network = Network(), other = Network();
        Assert.Multiple(() =>
        {
            Assert.That(() => Teacher.Create(network, network), Refused("teacher", "one tensor in common, 0.weight"));
            Assert.That(() => Teacher.Create(network, () => network), Refused("teacher", "one tensor in common, 0.weight"));
            Assert.That(() => Teacher.Create(network, () => null!), Refused("make", "made nothing"));
            Assert.That(() => Teacher.Follow(network, network, 0.9), Refused("teacher", "one tensor in common, 0.weight"));
            Assert.That(() => Teacher.Follow(network, other, 1.1), Refused("momentum", "1.1"));
            Assert.That(() => Teacher.Follow(network, other, double.NaN), Refused("momentum", "from 0 to 1"));
            Assert.That(() => Teacher.Follow(network, other, 0.9, (TeacherBuffers)7), Refused("buffers", "Own, Copied, Averaged"));
            Assert.That(() => Teacher.Follow(null!, other, 0.9), Refused("teacher", ""));
            Assert.That(() => Teacher.Follow(network, null!, 0.9), Refused("student", ""));
        });
    }

    private static ContainsConstraint Refused(string name, string message) =>
        Throws.InstanceOf<ArgumentException>().With.Property("ParamName").EqualTo(name).And.Message.Contains(message);

    /// <summary>A parameter and a buffer that belong to the scope in which they are made.</summary>
    private sealed class OwnWeights : nn.Module<Tensor, Tensor>
    {
        public readonly Parameter scale;
        private readonly Tensor offset = zeros(3);
        public readonly Dropout dropout = nn.Dropout(1);

        public OwnWeights(Tensor? values = null)
            : base(nameof(OwnWeights))
        {
            scale = new Parameter(values ?? ones(3));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => dropout.call(input) * scale + offset;
    }

    /// <summary>Of other weights and statistics than the last.</summary>
    private static Sequential Network(ScalarType type = ScalarType.Float32)
    {
        Sequential network = nn.Sequential(nn.Conv2d(3, 7, 3), nn.BatchNorm2d(7), nn.Conv2d(7, 3, 1));
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        foreach (Parameter weight in network.parameters())
        {
            weight.normal_();
        }
        for (int batches = (int)(1 + rand(1).item<float>() * 5); batches >= 0; batches--)
        {
            network.call(randn(2, 3, 4, 4)).Dispose();
        }
        network.to(type);
        return network;
    }

    private static double[][] Weights(nn.Module network) => [.. network.parameters().Select(Values)];

    private static double[][] Buffers(nn.Module network) => [.. network.buffers().Select(Values)];

    private static double[] Values(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float64).data<double>().ToArray();
    }
}
