using System.Runtime.ExceptionServices;
using ErLoss.SelfSupervised.IO;
using static TorchSharp.torch;

namespace ErLoss.Training.Data;

/// <summary>
/// Reads batches of images in a given order, on a thread of its own, ahead of their use: while one batch is computed with, the next ones are read. For a GPU they are put into pinned memory, from
/// which they are copied while the GPU computes.
/// </summary>
/// <remarks>The thread begins with the object and ends with it, or after the last batch. It ends at the first error, which <see cref="Next"/> then throws.</remarks>
internal sealed class BatchReader : IDisposable
{
    private const int Buffers = 3; // one that is computed with, one that waits, one that is read into

    private readonly PixelSource _source;
    private readonly long[] _order;
    private readonly int _batchSize;
    private readonly Device _device;
    private readonly Tensor[] _buffers;
    private readonly Tensor?[] _pinned = new Tensor?[Buffers];
    private readonly SemaphoreSlim _free = new(Buffers), _filled = new(0);
    private readonly CancellationTokenSource _end = new();
    private readonly Thread _thread;
    private volatile Fault? _fault;
    private int _next;
    private bool _isInUse;

    /// <summary>Begins to read.</summary>
    /// <param name="source">The images.</param>
    /// <param name="size">Their height and width.</param>
    /// <param name="order">Indices of the images.</param>
    /// <param name="batchSize">How many of them make a batch; the last one may be smaller.</param>
    /// <param name="device">Where the batches are wanted.</param>
    /// <param name="first">The number of the batch to begin with.</param>
    public BatchReader(PixelSource source, int size, long[] order, int batchSize, Device device, int first = 0)
    {
        (_source, _order, _batchSize, _device, _next) = (source, order, batchSize, device, first);
        _buffers = [.. Enumerable.Range(0, Buffers).Select(_ => empty(batchSize, ImageSet.Channels, size, size, dtype: ScalarType.Byte, device: CPU).DetachFromDisposeScope())];
        _thread = new Thread(() => ReadAll(first)) { IsBackground = true, Name = "images" };
        _thread.Start();
    }

    /// <summary>The number of the batch that <see cref="Next"/> gives.</summary>
    public int NextBatch => _next;

    /// <summary>The next batch, once it is read.</summary>
    /// <returns>(n, 3, size, size) bytes on the device, in the caller's dispose scope. On a CPU they are valid until the next call.</returns>
    /// <exception cref="DataException">The images cannot be read.</exception>
    /// <exception cref="InvalidOperationException">There is no further batch.</exception>
    public Tensor Next()
    {
        int count = CountOf(_next);
        if (count <= 0)
        {
            throw new InvalidOperationException($"There is no batch {_next}.");
        }
        if (_isInUse)
        {
            _isInUse = false;
            _free.Release();
        }
        _filled.Wait();
        if (_fault is { } fault && fault.Batch == _next)
        {
            _filled.Release(); // for another call
            ExceptionDispatchInfo.Throw(fault.Exception);
        }
        int buffer = _next++ % Buffers;
        _isInUse = true;
        if (_pinned[buffer] is not { } pinned)
        {
            return _buffers[buffer].narrow(0, 0, count);
        }
        _pinned[buffer] = null;
        using (pinned) // torch keeps its memory until the copy is done
        {
            return pinned.to(_device, non_blocking: true);
        }
    }

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        _end.Cancel();
        _thread.Join();
        foreach (Tensor? tensor in (IEnumerable<Tensor?>)[.. _buffers, .. _pinned])
        {
            tensor?.Dispose();
        }
        _free.Dispose();
        _filled.Dispose();
        _end.Dispose();
    }

    private int CountOf(int batch) => (int)Math.Min(_batchSize, _order.Length - ((long)batch * _batchSize));

    private void ReadAll(int first)
    {
        int batch = first;
        try
        {
            for (; CountOf(batch) > 0; batch++)
            {
                _free.Wait(_end.Token);
                Read(batch);
                _filled.Release();
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // It is not wanted any more.
        }
        catch (Exception e) // whatever it is: it is the error of the thread that asks for the batch
        {
            _fault = new Fault(batch, e);
            _filled.Release();
        }
    }

    private void Read(int batch)
    {
        int count = CountOf(batch), buffer = batch % Buffers;
        _source.Gather(_order.AsSpan(batch * _batchSize, count), _buffers[buffer].bytes[..(count * _source.ImageBytes)]);
        if (_device.type != TorchSharp.DeviceType.CPU)
        {
            using Tensor filled = _buffers[buffer].narrow(0, 0, count);
            _pinned[buffer] = filled.pin_memory();
        }
    }

    /// <summary>What happened to the thread.</summary>
    /// <param name="Batch">The batch that it was reading.</param>
    /// <param name="Exception">What happened.</param>
    private sealed record Fault(int Batch, Exception Exception);
}
