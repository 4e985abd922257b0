using ErLoss.SelfSupervised.IO;
using static TorchSharp.torch;

namespace ErLoss.Training.Data;

/// <summary>The batches of an epoch: images of a set in a given order, wherever they are.</summary>
internal sealed class ImageBatches : IDisposable
{
    private readonly ImageTensors _images;
    private readonly long[] _order;
    private readonly int _batchSize;
    private readonly Tensor _indices;
    private BatchReader? _reader;

    /// <summary>Batches in an order.</summary>
    /// <param name="images">The images; they stay their owner's.</param>
    /// <param name="order">Indices of the images.</param>
    /// <param name="batchSize">How many of them make a batch.</param>
    public ImageBatches(ImageTensors images, long[] order, int batchSize)
    {
        (_images, _order, _batchSize) = (images, order, batchSize);
        _indices = tensor(order, device: images.Device).DetachFromDisposeScope();
    }

    /// <summary>Which images a batch has: (batch size), int64, on the device.</summary>
    /// <param name="batch">Counted from zero.</param>
    public Tensor Indices(int batch) => _indices.narrow(0, (long)batch * _batchSize, _batchSize);

    /// <summary>The images of a batch. Where they are not on the device, batches should be asked for one after the other, because the next ones are being read.</summary>
    /// <param name="batch">Counted from zero.</param>
    /// <returns>(batch size, 3, h, w) bytes on the device, in the caller's dispose scope, valid until the next call.</returns>
    /// <exception cref="DataException">The images cannot be read.</exception>
    public Tensor Images(int batch)
    {
        if (_images.IsResident)
        {
            using Tensor indices = Indices(batch);
            return _images.Select(indices);
        }
        if (_reader?.NextBatch != batch)
        {
            _reader?.Dispose();
            _reader = null; // another one may not come to be, for want of memory
            _reader = _images.Read(_order, _batchSize, batch);
        }
        return _reader.Next();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader?.Dispose();
        _indices.Dispose();
    }
}
