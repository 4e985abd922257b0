using ErTraining.Data;
using ErTraining.Encoders;
using static TorchSharp.torch;

namespace ErTraining.Evaluation;

/// <summary>What an encoder makes of a set's images, computed in batches.</summary>
internal static class Features
{
    private const int BatchSize = 512;

    /// <summary>Features of all images, (n, d) float32, without gradient.</summary>
    /// <param name="encoder">Run in its evaluation mode; left in the mode it was in.</param>
    /// <param name="images">On the encoder's device.</param>
    /// <param name="cancellation">Heeded between batches.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static Tensor Of(Encoder encoder, ImageTensors images, CancellationToken cancellation = default)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        bool wasTraining = encoder.training;
        encoder.eval();
        try
        {
            var batches = new List<Tensor>();
            for (long start = 0; start < images.Count; start += BatchSize)
            {
                cancellation.ThrowIfCancellationRequested();
                using var batchScope = NewDisposeScope();
                Tensor pixels = images.Pixels.narrow(0, start, Math.Min(BatchSize, images.Count - start));
                batches.Add(encoder.call(Pixels.Center(Pixels.ToUnit(pixels))).MoveToOuterDisposeScope());
            }
            return cat(batches).MoveToOuterDisposeScope();
        }
        finally
        {
            encoder.train(wasTraining);
        }
    }
}
