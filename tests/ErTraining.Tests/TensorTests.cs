using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests;

/// <summary>Tests that draw tensors: from the same seed each, and disposed of after each.</summary>
internal abstract class TensorTests
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void OpenScope()
    {
        _scope = NewDisposeScope();
        manual_seed(1);
    }

    [TearDown]
    public void CloseScope() => _scope.Dispose();
}
