using TorchSharp;

namespace ErLoss.Modules.Tests;

/// <summary>One thread in libtorch: the tensors here are small, and waking others costs more than they bring on a busy machine.</summary>
[SetUpFixture]
public class OneThread
{
    [OneTimeSetUp]
    public void UseOneThread()
    {
        KeptMemory.Ask();
        torch.set_num_threads(1);
    }
}
