using TorchSharp;

namespace ErLoss.Modules.Tests;

/// <summary>How many tensors of this thread are alive.</summary>
internal static class LiveTensors
{
    public static long Count => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
}
