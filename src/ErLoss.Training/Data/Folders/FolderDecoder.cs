using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>Decodes the images of one part of a folder, on all processors, into the place where they are wanted.</summary>
/// <param name="decoding">How files become pixels.</param>
/// <param name="skipsUnreadable">Whether more images are read in the place of those that cannot be read.</param>
/// <param name="loading">Told of each image; ends the reading where that is cancelled.</param>
internal sealed class FolderDecoder(ImageDecoding decoding, bool skipsUnreadable, LoadingProgress? loading)
{
    private readonly int _imageBytes = ImageSet.BytesAt(decoding.Size);

    /// <summary>Decodes the first images that can be read.</summary>
    /// <param name="images">Those of the part.</param>
    /// <param name="wanted">How many at most.</param>
    /// <param name="sink">Where they go.</param>
    /// <returns>Why images could not be read, by their index; all images before the last one that went to the sink and not named here are in it, in order.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IReadOnlyList<(int Index, string Reason)> Decode(IReadOnlyList<ImageEntry> images, int wanted, IPixelSink sink)
    {
        var unreadable = new List<(int Index, string Reason)>();
        int kept = 0;
        for (int next = 0, expected = wanted; kept < wanted && next < images.Count;)
        {
            if (next == expected)
            {
                // In the place of images that cannot be read come those after the wanted ones, as if the former were not there.
                if (!skipsUnreadable)
                {
                    break;
                }
                int more = Math.Min(wanted - kept, images.Count - next);
                loading?.Expect(more);
                expected += more;
            }
            int count = Math.Min(sink.MostAtOnce, expected - next), good = 0;
            Memory<byte> pixels = sink.Next(count);
            string?[] faults = Decode(images, next, count, pixels);
            for (int i = 0; i < count; i++)
            {
                if (faults[i] is { } fault)
                {
                    unreadable.Add((next + i, fault));
                    continue;
                }
                pixels.Span.Slice(i * _imageBytes, _imageBytes).CopyTo(pixels.Span[(good++ * _imageBytes)..]);
            }
            sink.Keep(good);
            kept += good;
            next += count;
        }
        return unreadable;
    }

    /// <summary>Decodes images into consecutive places.</summary>
    /// <returns>For each image why it cannot be read, or null if it can.</returns>
    private string?[] Decode(IReadOnlyList<ImageEntry> images, int start, int count, Memory<byte> pixels)
    {
        string?[] faults = new string?[count];
        var decoders = new ConcurrentBag<ImageDecoder>();
        try
        {
            var options = new ParallelOptions
            {
                MaxDegreeOfParallelism = Environment.ProcessorCount, // more threads would come in the place of those that wait for a large image, and each holds a file
                CancellationToken = loading?.Cancellation ?? CancellationToken.None,
            };
            Parallel.For(0, count, options, i =>
            {
                if (!decoders.TryTake(out ImageDecoder? decoder))
                {
                    decoder = new ImageDecoder(decoding);
                }
                try
                {
                    decoder.Read(images[start + i].Path, pixels.Span.Slice(i * _imageBytes, _imageBytes));
                }
                catch (DataException e)
                {
                    faults[i] = LeftOutFile.Fault(e, images[start + i].Path);
                }
                decoders.Add(decoder);
                loading?.Count();
            });
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]); // such as a lack of memory, for which the program has words
        }
        return faults;
    }
}
