using TorchSharp;

#pragma warning disable CA1050 // outside of all namespaces it holds for all tests of a project

/// <summary>One thread in libtorch: the tensors of tests are small, and waking other threads costs more than they bring, above all while other test projects use the cores.</summary>
[SetUpFixture]
public class OneThread
{
    [OneTimeSetUp]
    public void UseOneThread() => torch.set_num_threads(1);
}
