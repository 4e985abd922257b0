using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>Decodes the images of a folder, on all processors.</summary>
/// <param name="folder">The images.</param>
/// <param name="decoding">How files become pixels.</param>
/// <param name="skipsUnreadable">Whether images that cannot be read are left out; they are an error otherwise.</param>
/// <param name="loading">Told of each image; ends the reading where that is cancelled.</param>
internal sealed class ImageFolderLoader(ImageFolder folder, ImageDecoding decoding, bool skipsUnreadable, LoadingProgress? loading)
{
    private readonly int _imageBytes = ImageSet.BytesAt(decoding.Size);
    private readonly List<LeftOutFile> _unreadable = [];

    /// <summary>Reads the first training and test images that can be read.</summary>
    /// <param name="mostTrainImages">How many training images at most.</param>
    /// <param name="mostTestImages">How many test images at most.</param>
    /// <exception cref="DataException">Images cannot be read and are not to be left out, or more are wanted than fit in memory.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public ImageData Load(int mostTrainImages = int.MaxValue, int mostTestImages = int.MaxValue)
    {
        loading?.Expect(Math.Min(folder.Train.Count, mostTrainImages) + Math.Min(folder.Test.Count, mostTestImages));
        ImageSet train = Load(folder.Train, mostTrainImages);
        int ofTrain = _unreadable.Count;
        ImageSet test = Load(folder.Test, mostTestImages);
        if (_unreadable.Count > 0 && !skipsUnreadable)
        {
            throw new DataException(_unreadable is [var only]
                ? $"{Path.Combine(folder.Path, only.Path)}: {only.Detail}. This image cannot be read; mend or remove it, or leave it out with {decoding.NameOf("skip_unreadable")}."
                : $"{folder.Path}: {_unreadable.Count:n0} images cannot be read; mend or remove them, or leave them out with {decoding.NameOf("skip_unreadable")}: {LeftOutFile.Name(_unreadable)}.");
        }
        foreach ((ImageSet images, string kind, List<LeftOutFile> unreadable) in new[] { (train, "training", _unreadable[..ofTrain]), (test, "test", _unreadable[ofTrain..]) })
        {
            if (images.Count == 0)
            {
                throw new DataException($"{folder.Path}: no {kind} image can be read: {LeftOutFile.Name(unreadable)}.");
            }
        }
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder.Path)));
        return new ImageData(name, train, test) { Reading = folder.Reading, LeftOut = [.. folder.LeftOut, .. _unreadable] };
    }

    private ImageSet Load(IReadOnlyList<ImageEntry> images, int most)
    {
        int wanted = Math.Min(images.Count, most);
        if (wanted > ImageSet.MaxCountAt(decoding.Size))
        {
            throw new DataException($"{folder.Path}: {wanted} images; at most {ImageSet.MaxCountAt(decoding.Size)} of {decoding.Size}x{decoding.Size} pixels fit in memory.");
        }
        byte[] pixels = new byte[wanted * _imageBytes];
        var read = new List<ImageEntry>(wanted);
        for (int next = 0; read.Count < wanted && next < images.Count;)
        {
            // In the place of images that cannot be read come those after the wanted ones, as if the former were not there.
            int start = next, count = Math.Min(wanted - read.Count, images.Count - next);
            if (start > 0)
            {
                loading?.Expect(count);
            }
            string?[] faults = Decode(images, start, count, pixels.AsMemory(read.Count * _imageBytes));
            Span<byte> rest = pixels.AsSpan(read.Count * _imageBytes);
            for (int i = 0, kept = 0; i < count; i++)
            {
                ImageEntry image = images[start + i];
                if (faults[i] is { } fault)
                {
                    _unreadable.Add(new(Path.GetRelativePath(folder.Path, image.Path).Replace(Path.DirectorySeparatorChar, '/'), LeftOutReason.Unreadable, fault));
                    continue;
                }
                rest.Slice(i * _imageBytes, _imageBytes).CopyTo(rest[(kept++ * _imageBytes)..]);
                read.Add(image);
            }
            next += count;
            if (!skipsUnreadable)
            {
                break;
            }
        }
        byte[] taken = read.Count == wanted ? pixels : pixels[..(read.Count * _imageBytes)];
        return folder.ClassNames.Count == 0 ? new ImageSet(taken, decoding.Size) : new ImageSet(taken, [.. read.Select(image => image.Label)], folder.ClassNames, decoding.Size);
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
