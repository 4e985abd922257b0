using TorchSharp;

namespace ErLoss.Modules.Tests;

/// <summary>Tests that make tensors: each is disposed of at the end of its test.</summary>
public abstract class TensorTests
{
    private DisposeScope? _scope;

    [SetUp]
    public void OpenScope() => _scope = torch.NewDisposeScope();

    [TearDown]
    public void CloseScope() => _scope?.Dispose();
}
