using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>
/// The passes over the pairs on torch's meta device, whose tensors have shapes and no values: whatever reads one back throws. It takes the
/// tiles of a GPU.
/// </summary>
public class NoReadingBackTests : TensorTests
{
    private static readonly Device Meta = new("meta");

    [Test]
    public void UnitRowsAreNeverReadBack([Values(1, 513, 2049, 13_000, 16_383, 131_072)] int k, [Values] bool leaveOneOut)
    {
        Tensor rows = empty(k, 128, device: Meta);
        Tensor ownExponents = empty(k, dtype: ScalarType.Float64, device: Meta);
        var kernels = new SymmetricKernels(rows, new Concentration(10), ownExponents, unitRows: true, leaveOneOut, forGradient: true, budget: null);
        Assert.That(kernels.TrySum(out Tensor logSums));
        Tensor gradient = kernels.Gradient(logSums, logSums);
        Assert.That((gradient.shape, gradient.device_type), Is.EqualTo((rows.shape, DeviceType.META)));
        Assert.That((logSums.shape, logSums.dtype), Is.EqualTo((new long[] { k }, ScalarType.Float64)));
    }

    [Test]
    public void AReadWouldBeSeen()
    {
        Assert.That(() => empty(3, device: Meta).sum().ToDouble(), Throws.TypeOf<ExternalException>());
        Assert.That(() => EntropyReconstruction.entropy(empty(9, 4, device: Meta), evaluation: Evaluation.Fused), Throws.TypeOf<ExternalException>());
    }
}
