using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>
/// Reads a directory of CIFAR's own binary files: CIFAR-10's, of which any training files found are taken, or CIFAR-100's with its fine labels.
/// </summary>
internal static class CifarReader
{
    private static readonly CifarFormat[] s_formats = [CifarFormat.Cifar10, CifarFormat.Cifar100];

    /// <summary>Whether the directory has a file named as CIFAR names its image files.</summary>
    /// <param name="directory">A path; it need not exist.</param>
    public static bool Recognizes(string directory) => FormatsIn(directory).Any();

    /// <summary>The directory if it has a file named as CIFAR names its image files, or the folder in it that CIFAR's archive unpacks to; null without either.</summary>
    /// <param name="directory">A path; it need not exist.</param>
    /// <exception cref="DataException">There are such folders of CIFAR-10 and of CIFAR-100.</exception>
    public static string? Find(string directory)
    {
        if (Recognizes(directory))
        {
            return directory;
        }
        string[] folders = [.. s_formats.Select(format => Path.Combine(directory, format.Folder)).Where(Recognizes)];
        return folders.Length > 1
            ? throw new DataException($"{directory}: CIFAR-10 and CIFAR-100 are here; wanted one of them, {string.Join(" or ", folders)}.")
            : folders.FirstOrDefault();
    }

    /// <summary>Reads both splits.</summary>
    /// <param name="directory">Holds the <c>.bin</c> files and, if need be, the class names.</param>
    /// <param name="loading">Told of each image; ends the reading where that is cancelled.</param>
    /// <returns>The images in the files' order, first training file first.</returns>
    /// <exception cref="DataException">Nothing there, a split without a file, or a file that is unreadable or not what its name says.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ImageData Read(string directory, LoadingProgress? loading = null)
    {
        if (!Directory.Exists(directory))
        {
            throw new DataException($"{directory}: no such directory; wanted one with CIFAR-10's or CIFAR-100's binary files.");
        }

        CifarFormat[] formats = [.. FormatsIn(directory)];
        if (formats.Length != 1)
        {
            throw new DataException(formats.Length == 0
                ? $"{directory}: no CIFAR files; wanted data_batch_1.bin … data_batch_5.bin and test_batch.bin, or train.bin and test.bin."
                : $"{directory}: files of CIFAR-10 and of CIFAR-100; wanted those of one of them.");
        }

        var format = formats[0];
        var names = ClassNamesFile.Read(Path.Combine(directory, format.NamesFile), format.DefaultNames, format.Name);
        return new ImageData(
            format.Name,
            ReadSplit(directory, format.TrainFiles, "training", format, names, loading),
            ReadSplit(directory, [format.TestFile], "test", format, names, loading));
    }

    private static IEnumerable<CifarFormat> FormatsIn(string directory) =>
        s_formats.Where(format => format.ImageFiles.Any(file => File.Exists(Path.Combine(directory, file))));

    private static ImageSet ReadSplit(
        string directory, IReadOnlyList<string> files, string split, CifarFormat format, IReadOnlyList<string> names, LoadingProgress? loading)
    {
        string[] paths = [.. files.Select(file => Path.Combine(directory, file)).Where(File.Exists)];
        if (paths.Length == 0)
        {
            throw new DataException($"{directory}: no {split} images of {format.Name}; wanted {string.Join(" or ", files)}.");
        }

        int[] counts = [.. paths.Select(path => CountRecords(path, format))];
        var total = counts.Sum(count => (long)count);
        if (total > CifarFormat.MaxCount)
        {
            throw new DataException($"{directory}: {total} {split} images; at most {CifarFormat.MaxCount} fit in memory.");
        }

        loading?.Expect(total);
        var pixels = new byte[total * CifarFormat.ImageBytes];
        var labels = new int[total];
        var start = 0;
        for (var i = 0; i < paths.Length; i++)
        {
            ReadRecords(paths[i], format, pixels.AsSpan(start * CifarFormat.ImageBytes), labels.AsSpan(start, counts[i]), loading);
            start += counts[i];
        }

        return new ImageSet(pixels, labels, names, CifarFormat.Size);
    }

    private static int CountRecords(string path, CifarFormat format)
    {
        InputFile.RequireFile(path);
        var length = InputFile.Access(path, () => new FileInfo(path).Length);
        if (length == 0)
        {
            throw new DataException($"{path}: empty; wanted records of {format.RecordBytes} bytes.");
        }

        if (length > int.MaxValue)
        {
            throw new DataException($"{path}: {length} bytes; files of 2 GiB and more are not read.");
        }

        var (count, rest) = Math.DivRem((int)length, format.RecordBytes);
        return rest == 0
            ? count
            : throw new DataException(
                $"{path}: {length} bytes are {count} records of {format.RecordBytes} bytes with {rest} left over; wanted whole records.");
    }

    private static void ReadRecords(string path, CifarFormat format, Span<byte> pixels, Span<int> labels, LoadingProgress? loading)
    {
        using var stream = InputFile.Access(path, () => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16));
        Span<byte> label = stackalloc byte[format.LabelBytes];
        for (var record = 0; record < labels.Length; record++)
        {
            try
            {
                stream.ReadExactly(label);
                stream.ReadExactly(pixels.Slice(record * CifarFormat.ImageBytes, CifarFormat.ImageBytes));
            }
            catch (IOException e)
            {
                throw InputFile.Unreadable(path, e);
            }

            loading?.Count();
            labels[record] = label[^1];
            if (labels[record] >= format.DefaultNames.Count)
            {
                throw new DataException(
                    $"{path}: record {record + 1} has label {labels[record]}; wanted 0 to {format.DefaultNames.Count - 1}.");
            }
        }
    }
}
