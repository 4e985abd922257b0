using ErLoss.Modules.Tests;
using TorchSharp;

namespace ErTraining.Tests;

/// <summary>Tests compute on one thread: their work is small, and threads that wait for each other on a busy machine spin.</summary>
[SetUpFixture]
internal sealed class SingleThread
{
    [OneTimeSetUp]
    public void UseOneThread()
    {
        KeptMemory.Ask();
        torch.set_num_threads(1);
    }
}
