using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Which evaluation serves.</summary>
public class EvaluationChoiceTests : TensorTests
{
    private const ScalarType None = ScalarType.Float64; // for which attention has no kernel on a GPU

    // Joe's and the plug-in estimate alike.
    [TestCase(DeviceType.CPU, ScalarType.Float32, 511, 0, 128, 10, true, ExpectedResult = KernelEvaluation.Composed)]
    [TestCase(DeviceType.CPU, ScalarType.Float32, 512, 0, 128, 10, true, ExpectedResult = KernelEvaluation.Fused)]
    [TestCase(DeviceType.CPU, ScalarType.Float16, 256, 16_384, 128, 10, true, ExpectedResult = KernelEvaluation.Fused)]
    [TestCase(DeviceType.CUDA, ScalarType.Float32, 16, 0, 128, 10, true, ExpectedResult = KernelEvaluation.Attention)]
    [TestCase(DeviceType.CUDA, ScalarType.Float32, 16_384, 0, 128, 10, true, ExpectedResult = KernelEvaluation.Attention)]
    [TestCase(DeviceType.CUDA, ScalarType.Float32, 65_536, 0, 128, 10, true, ExpectedResult = KernelEvaluation.Fused)]
    [TestCase(DeviceType.CUDA, ScalarType.Float32, 1024, 0, 256, 10, true, ExpectedResult = KernelEvaluation.Attention)]
    [TestCase(DeviceType.CUDA, ScalarType.Float32, 4096, 0, 256, 10, true, ExpectedResult = KernelEvaluation.Composed)]
    [TestCase(DeviceType.CUDA, ScalarType.Float32, 16_384, 0, 256, 10, true, ExpectedResult = KernelEvaluation.Fused)]
    [TestCase(DeviceType.CUDA, ScalarType.Float32, 1024, 0, 128, 101, true, ExpectedResult = KernelEvaluation.Composed)]
    [TestCase(DeviceType.CUDA, ScalarType.Float32, 1024, 0, 128, null, true, ExpectedResult = KernelEvaluation.Attention)]
    [TestCase(DeviceType.CUDA, ScalarType.Float32, 256, 4096, 128, 10, true, ExpectedResult = KernelEvaluation.Attention)]
    [TestCase(DeviceType.CUDA, ScalarType.Float32, 256, 65_536, 128, 10, true, ExpectedResult = KernelEvaluation.Composed)]
    [TestCase(DeviceType.CUDA, ScalarType.Float16, 65_536, 0, 128, 10, true, ExpectedResult = KernelEvaluation.Attention)]
    [TestCase(DeviceType.CUDA, ScalarType.Float16, 256, 65_536, 254, 10, true, ExpectedResult = KernelEvaluation.Attention)]
    [TestCase(DeviceType.CUDA, ScalarType.Float16, 4096, 0, 255, 10, true, ExpectedResult = KernelEvaluation.Composed)]
    [TestCase(DeviceType.CUDA, None, 4096, 0, 128, 10, true, ExpectedResult = KernelEvaluation.Composed)]
    [TestCase(DeviceType.CUDA, None, 16_384, 0, 128, 10, true, ExpectedResult = KernelEvaluation.Fused)]
    [TestCase(DeviceType.CUDA, null, 1024, 0, 128, 10, true, ExpectedResult = KernelEvaluation.Composed)]
    [TestCase(DeviceType.CUDA, ScalarType.Float16, 1024, 0, 128, 10, false, ExpectedResult = KernelEvaluation.Composed)]
    [TestCase(DeviceType.CUDA, ScalarType.Float16, 256, 16_384, 128, 10, false, ExpectedResult = KernelEvaluation.Attention)]
    [TestCase(DeviceType.META, null, 1024, 0, 128, 10, true, ExpectedResult = KernelEvaluation.Composed)]
    public KernelEvaluation AutoMeans(DeviceType device, ScalarType? products, long k, long m, long d, double? kappa, bool isOneCall) =>
        EvaluationChoice.Best(device, products, k, m, d, kappa, isOneCall);

    [Test]
    public void AttentionIsRefusedWhereItCannotServe()
    {
        var settings = new KernelSettings(new Concentration(10), EntropyEstimator.Joe, LeaveOneOut: false, UnitRows: true) { Evaluation = KernelEvaluation.Attention };
        KernelSettings Resolve(Device device, ScalarType dtype, bool haveIds) => EvaluationChoice.Resolve(device, dtype, 8, 0, 4, haveIds, isOneCall: true, settings);
        using (var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Kappa = 1e5, Evaluation = KernelEvaluation.Attention }))
        {
            Assert.That(() => loss.call(ones(4, 3), ones(4, 3)), Throws.ArgumentException.With.Message.Contains("a κ of over 10000"));
        }
        Assert.That(() => Resolve(CPU, ScalarType.Float32, haveIds: true), Throws.ArgumentException.With.Message.Contains("equal ids"));
        Assert.That(() => Resolve(new Device("cuda:0"), ScalarType.Float64, haveIds: false), Throws.ArgumentException.With.Message.Contains("Float64 on a GPU"));
        Assert.That(() => Resolve(new Device("mps"), ScalarType.Float32, haveIds: false), Throws.ArgumentException.With.Message.Contains("in this libtorch"));
        Assert.That(Resolve(CPU, ScalarType.Float32, haveIds: false).Attention, Is.Not.Null);
        Assert.That(Resolve(new Device("meta"), ScalarType.Float32, haveIds: false).Evaluation, Is.EqualTo(KernelEvaluation.Composed));
    }

    [Test]
    public void ACpuHasEveryEvaluationAndTheMetaDeviceNoAttention([Values(ScalarType.Float16, ScalarType.Float32, ScalarType.Float64)] ScalarType dtype)
    {
        Assert.That(KernelEvaluations.On(CPU, dtype), Is.EquivalentTo(Enum.GetValues<KernelEvaluation>().Except([KernelEvaluation.Auto])));
        Assert.That(KernelEvaluations.On(new Device("meta"), dtype), Is.EqualTo([KernelEvaluation.Fused, KernelEvaluation.Composed]));
    }

    // An error in a source would end the process; the operators of GPUs are in every libtorch.
    [Test]
    public void EveryScriptCompiles([ValueSource(nameof(Kernels))] object kernel) => Assert.That(AttentionUnit.Of((AttentionKernel)kernel), Is.Not.Null);

    [Test]
    public void AnOperatorOfOtherArgumentsIsNotThere([ValueSource(nameof(Kernels))] object kernel)
    {
        string symbol = AttentionOperators.SymbolOf((AttentionKernel)kernel);
        nint library = NativeLibrary.Load("torch_cpu", typeof(torch).Assembly, null);
        Assert.That(NativeLibrary.TryGetExport(library, symbol, out _), Is.EqualTo(OperatingSystem.IsLinux()));
        Assert.That(NativeLibrary.TryGetExport(library, symbol + "b", out _), Is.False);
    }

    // The best first: cuDNN's up to 128 columns, flash attention up to 256.
    [TestCase(DeviceType.CPU, ScalarType.Float64, 1000, ExpectedResult = "Processor")]
    [TestCase(DeviceType.CUDA, ScalarType.Float64, 64, ExpectedResult = "")]
    [TestCase(DeviceType.CUDA, ScalarType.Float32, 1000, ExpectedResult = "Efficient")]
    [TestCase(DeviceType.CUDA, ScalarType.Float16, 128, ExpectedResult = "Cudnn, Flash, Efficient")]
    [TestCase(DeviceType.CUDA, ScalarType.BFloat16, 136, ExpectedResult = "Flash, Efficient")]
    [TestCase(DeviceType.CUDA, ScalarType.Float16, 264, ExpectedResult = "Efficient")]
    public string KernelsAre(DeviceType device, ScalarType products, long columns) => string.Join(", ", Attention.KernelsFor(device, products, columns));

    private static IEnumerable<object> Kernels() => Enum.GetValues<AttentionKernel>().Cast<object>();
}
