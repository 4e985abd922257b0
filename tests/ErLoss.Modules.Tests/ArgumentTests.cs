using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Bad tensors: each is refused by name, with what was found and what is wanted.</summary>
public class ArgumentTests : TensorTests
{
    private static readonly EntropyReconstructionOptions Sphere = new();
    private static readonly EntropyReconstructionOptions Discrete = new() { Support = Support.Discrete };

    /// <summary>Name, maker of a tensor that no support takes, what was found, what is wanted.</summary>
    private static IEnumerable<TestCaseData> Unfit()
    {
        static TestCaseData Case(string name, Func<Tensor> make, string found, string wanted) =>
            new TestCaseData(make, found, wanted).SetArgDisplayNames(name);

        yield return Case("rank 0", () => tensor(1.0), "()", "(k, d)");
        yield return Case("rank 1", () => ones(4), "(4)", "(k, d)");
        yield return Case("rank 3", () => ones(2, 3, 4), "(2, 3, 4)", "(k, d)");
        yield return Case("k = 0", () => ones(0, 4), "(0, 4)", "at least one row");
        yield return Case("k = 2^30 + 1", () => empty((1 << 30) + 1, 2, device: device("meta")), "(1073741825, 2)", "at most 1073741824 rows");
        yield return Case("d = 0", () => ones(4, 0), "(4, 0)", "d ≥");
        yield return Case("int32", () => ones(4, 3, ScalarType.Int32), "Int32", "float32");
        yield return Case("int64", () => ones(4, 3, ScalarType.Int64), "Int64", "float32");
        yield return Case("byte", () => ones(4, 3, ScalarType.Byte), "Byte", "float32");
        yield return Case("bool", () => ones(4, 3, ScalarType.Bool), "Bool", "float32");
        yield return Case("complex", () => ones(4, 3, ScalarType.ComplexFloat32), "ComplexFloat32", "float32");
        yield return Case("sparse", () => ones(4, 3).to_sparse(), "sparse", "dense");
        yield return Case("disposed", Disposed, "disposed", "live");
    }

    [TestCaseSource(nameof(Unfit))]
    public void UnfitTensorIsRefusedByNameOnEitherSupport(Func<Tensor> make, string found, string wanted)
    {
        foreach (EntropyReconstructionOptions options in new[] { Sphere, Discrete })
        {
            Support support = options.Support;
            Tensor unfit = make();
            using Tensor fit = ones(4, 3);
            using var loss = new EntropyReconstructionLoss(options);
            AssertRefused(() => loss.forward(unfit, fit), "projection1", found, wanted);
            AssertRefused(() => loss.forward(fit, unfit), "projection2", found, wanted);
            AssertRefused(() => loss.call(unfit, unfit), "projection1", found, wanted);
            AssertRefused(() => loss.terms(unfit, fit), "projection1", found, wanted);
            AssertRefused(() => loss.terms(fit, unfit), "projection2", found, wanted);
            AssertRefused(() => EntropyReconstruction.entropy(unfit, support: support), "embeddings", found, wanted);
            AssertRefused(() => EntropyReconstruction.reconstruction(unfit, fit, support: support), "projection1", found, wanted);
            AssertRefused(() => EntropyReconstruction.reconstruction(fit, unfit, support: support), "projection2", found, wanted);
        }
    }

    [Test]
    public void NullIsRefusedByName()
    {
        using Tensor fit = ones(4, 3);
        using var loss = new EntropyReconstructionLoss();
        AssertNullRefused(() => loss.forward(null!, fit), "projection1");
        AssertNullRefused(() => loss.forward(fit, null!), "projection2");
        AssertNullRefused(() => loss.terms(null!, fit), "projection1");
        AssertNullRefused(() => loss.terms(fit, null!), "projection2");
        AssertNullRefused(() => EntropyReconstruction.entropy(null!), "embeddings");
        AssertNullRefused(() => EntropyReconstruction.reconstruction(null!, fit), "projection1");
        AssertNullRefused(() => EntropyReconstruction.reconstruction(fit, null!), "projection2");
    }

    [Test]
    public void TensorsOfUnequalShapesAreRefused([Values] Support support)
    {
        AssertPairRefused(ones(4, 3), ones(5, 3), support, "(5, 3)", "(4, 3)");
        AssertPairRefused(ones(4, 3), ones(4, 5), support, "(4, 5)", "(4, 3)");
        AssertPairRefused(ones(4, 3), ones(3, 4), support, "(3, 4)", "(4, 3)");
        AssertPairRefused(ones(4, 3), ones(1, 3), support, "(1, 3)", "(4, 3)");
    }

    [Test]
    public void TensorsOfUnequalTypesAreRefused([Values] Support support)
    {
        AssertPairRefused(ones(4, 3), ones(4, 3, ScalarType.Float64), support, "Float64", "Float32");
        AssertPairRefused(ones(4, 3, ScalarType.Float16), ones(4, 3, ScalarType.BFloat16), support, "BFloat16", "Float16");
    }

    // The device without memory stands for any other.
    [Test]
    public void TensorsOnUnequalDevicesAreRefused([Values] Support support) =>
        AssertPairRefused(ones(4, 3), ones(4, 3, device: device("meta")), support, "meta", "cpu");

    [Test]
    public void ProjectionsOnAnotherDeviceThanTheLearntKappaAreRefused()
    {
        using Tensor elsewhere = ones(4, 3, device: device("meta"));
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { LearnKappa = true });
        AssertRefused(() => loss.call(elsewhere, elsewhere), "projection1", "meta", "cpu");
    }

    [Test]
    public void OneDimensionIsRefusedOnTheSphereAndTakenWithClasses()
    {
        using Tensor line = ones(4, 1);
        using var onSphere = new EntropyReconstructionLoss(Sphere);
        AssertRefused(() => onSphere.call(line, line), "projection1", "(4, 1)", "d ≥ 2");
        AssertRefused(() => EntropyReconstruction.entropy(line), "embeddings", "(4, 1)", "d ≥ 2");
        AssertRefused(() => EntropyReconstruction.reconstruction(line, line), "projection1", "(4, 1)", "d ≥ 2");
        using var discrete = new EntropyReconstructionLoss(Discrete);
        Assert.That(discrete.call(line, line).ToDouble(), Is.Zero);
    }

    [Test]
    public void OneRowIsRefusedWithLeaveOneOutOnTheSphereAndTakenElsewhere()
    {
        using Tensor row = ones(1, 3);
        using var onSphere = new EntropyReconstructionLoss(Sphere with { LeaveOneOut = true });
        AssertRefused(() => onSphere.call(row, row), "projection1", "k = 1", "at least two");
        AssertRefused(() => onSphere.terms(row, row), "projection1", "k = 1", "at least two");
        AssertRefused(() => EntropyReconstruction.entropy(row, leaveOneOut: true), "embeddings", "k = 1", "at least two");
        using var discrete = new EntropyReconstructionLoss(Discrete with { LeaveOneOut = true });
        Assert.That(discrete.call(row, row).ToDouble(), Is.Zero.Within(1e-6));
    }

    private static Tensor Disposed()
    {
        Tensor tensor = ones(4, 3);
        tensor.Dispose();
        return tensor;
    }

    private static void AssertPairRefused(Tensor first, Tensor second, Support support, string found, string wanted)
    {
        using var loss = new EntropyReconstructionLoss(support: support);
        AssertRefused(() => loss.forward(first, second), "projection2", found, wanted);
        AssertRefused(() => loss.terms(first, second), "projection2", found, wanted);
        AssertRefused(() => EntropyReconstruction.reconstruction(first, second, support: support), "projection2", found, wanted);
    }

    private static void AssertRefused(Action call, string name, string found, string wanted) => Assert.That(
        call,
        Throws.InstanceOf<ArgumentException>()
            .With.Property("ParamName").EqualTo(name)
            .And.Message.Contains(found)
            .And.Message.Contains(wanted));

    private static void AssertNullRefused(Action call, string name) =>
        Assert.That(call, Throws.ArgumentNullException.With.Property("ParamName").EqualTo(name));
}
