using ErLoss.Benchmarks;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Cuda;

/// <summary>The loss on a GPU: the checks of the benchmarks' <c>selftest</c>, and what they cannot see.</summary>
public class LossOnDeviceTests(string device) : CudaTests(device)
{
    private const int Rows = 600, Columns = 16;

    private static IEnumerable<TestCaseData> Checks() =>
        from check in (IEnumerable<Check>)[.. LossChecks.All, .. LossWaitChecks.All, .. MemoryChecks.All]
        select new TestCaseData(check).SetArgDisplayNames(check.Name);

    private static IEnumerable<TestCaseData> Settings() =>
        from options in LossChecks.Settings() select new TestCaseData(options).SetArgDisplayNames(LossChecks.Describe(options));

    [TestCaseSource(nameof(Checks))]
    public void Holds(object check) => DeviceUnderTest.AssertHolds((Check)check, Device);

    [Test]
    public void LargeKappaIsComputedWithAShiftOrRowByRow([Values] bool leaveOneOut)
    {
        var options = new EntropyReconstructionOptions { Kappa = 3000, LeaveOneOut = leaveOneOut, Evaluation = KernelEvaluation.Fused };
        Tensor first = Draw.Normal(1, Rows, Columns).ToTensor(), second = Draw.Normal(2, Rows, Columns).ToTensor();
        (double truth, Tensor gradient) = Differentiate(options with { Evaluation = KernelEvaluation.Composed }, first, second);
        (double loss, Tensor ours) = Differentiate(options, first.to(ScalarType.Float32).to(Device), second.to(ScalarType.Float32).to(Device));
        Assert.That(Finding.OfScalar("loss", loss, truth, 1e-5), Has.Property(nameof(Finding.Holds)).True);
        Assert.That(Finding.OfTensor("gradient", ours, gradient, 1e-3), Has.Property(nameof(Finding.Holds)).True);

        static (double, Tensor) Differentiate(EntropyReconstructionOptions options, Tensor first, Tensor second)
        {
            using var loss = new EntropyReconstructionLoss(options);
            Tensor leaf = first.detach().clone().requires_grad_(), value = loss.call(leaf, second);
            value.backward();
            return (value.ToDouble(), leaf.grad!);
        }
    }

    [Test]
    public void WeightsIdsAndFurtherCentersAreTheCpus([Values] EntropyEstimator estimator, [Values] bool leaveOneOut)
    {
        Tensor rows = Draw.Normal(1, Rows, Columns).ToTensor(), centers = Draw.Normal(3, 2000, Columns).ToTensor();
        (double value, Tensor rowGradient, Tensor centerGradient) = Differentiate(CPU);
        (double otherValue, Tensor otherRowGradient, Tensor otherCenterGradient) = Differentiate(Device);
        Finding[] findings =
        [
            Finding.OfScalar("loss", otherValue, value, 1e-11),
            Finding.OfTensor("gradient in the rows", otherRowGradient, rowGradient, 1e-10),
            Finding.OfTensor("gradient in the centres", otherCenterGradient, centerGradient, 1e-10),
        ];
        Assert.That(findings, Has.All.Property(nameof(Finding.Holds)).True);

        (double, Tensor, Tensor) Differentiate(Device device)
        {
            using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Estimator = estimator, LeaveOneOut = leaveOneOut, Evaluation = KernelEvaluation.Fused });
            Tensor z = rows.clone().to(device).requires_grad_(), y = centers.clone().to(device).requires_grad_();
            Tensor numbers = arange(Rows, dtype: ScalarType.Int64).to(device);
            var views = new ProjectedViews(z, z.roll(1, 0))
            {
                Weights = numbers % 3,
                Ids = numbers.div(2, RoundingMode.floor),
                Centers = [new(y) { Weights = (arange(2000, dtype: ScalarType.Int64) % 4).to(device), Ids = arange(2000, dtype: ScalarType.Int64).to(device) }],
            };
            Tensor value = loss.terms(views).Loss;
            value.backward();
            return (value.ToDouble(), z.grad!, y.grad!);
        }
    }

    // The gradient is computed on a thread of libtorch, whose tensors have a count of their own. So the tensors of all threads are counted.
    [Test]
    public void ValuesOfRowsHaveTheCpusGradientAndLeaveNothingAlive([Values] bool leaveOneOut)
    {
        Tensor rows = Draw.Normal(1, Rows, Columns).ToTensor(), centers = Draw.Normal(3, 200, Columns).ToTensor(), upstream = Draw.Normal(4, Rows, 1).ToTensor().view(Rows);
        Tensor[] expected = Differentiate(CPU), actual = Differentiate(Device);
        Assert.That(actual.Zip(expected, (ours, truth) => Finding.OfTensor("gradient", ours, truth, 1e-10)), Has.All.Property(nameof(Finding.Holds)).True);

        Tensor[] Differentiate(Device device)
        {
            using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions
            {
                Kappa = leaveOneOut ? 1000 : 10,
                Estimator = EntropyEstimator.Joe,
                Reduction = nn.Reduction.None,
                LeaveOneOut = leaveOneOut,
                LearnKappa = !leaveOneOut,
                Evaluation = KernelEvaluation.Fused,
            });
            loss.to(device);
            Tensor z = rows.clone().to(device).requires_grad_(), y = centers.clone().to(device).requires_grad_(), h = upstream.to(device);
            var views = new ProjectedViews(z, z.detach()) { Ids = arange(Rows, dtype: ScalarType.Int64).to(device) % 300, Centers = [new(y)] };
            Step(); // gradients come to be
            long before = Tensor.TotalCount;
            Step();
            Assert.That(Tensor.TotalCount, Is.LessThanOrEqualTo(before));
            return [z.grad!.clone(), y.grad!.clone(), .. loss.parameters().Select(parameter => parameter.grad!.clone())];

            void Step()
            {
                using var scope = NewDisposeScope();
                loss.terms(views).Entropy.backward([h]);
            }
        }
    }

    [TestCaseSource(nameof(Settings))]
    public void StepsLeaveNothingAlive(EntropyReconstructionOptions options)
    {
        using var loss = new EntropyReconstructionLoss(options);
        loss.to(Device);
        using Tensor first = Draw.Normal(1, Rows, Columns).ToTensor(ScalarType.Float32).to(Device).requires_grad_();
        using Tensor second = Draw.Normal(2, Rows, Columns).ToTensor(ScalarType.Float32).to(Device);
        Step(); // gradients come to be
        long before = LiveTensors.Count;
        for (int step = 0; step < 5; step++)
        {
            Step();
        }
        Assert.That(LiveTensors.Count, Is.EqualTo(before));

        void Step()
        {
            using var scope = NewDisposeScope();
            loss.call(first, second).backward();
            first.grad!.zero_();
        }
    }
}
