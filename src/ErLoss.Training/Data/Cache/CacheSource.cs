using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>What an <see cref="ImageCache"/> is made from, and what its file is called.</summary>
internal static class CacheSource
{
    /// <summary>The ending of the names of such files.</summary>
    public const string Extension = ".images";

    /// <summary>To be changed with the rule by which a file becomes pixels, so that no cache of the old rule is used.</summary>
    private const string DecodingRule = "1";

    /// <summary>Bytes of the folder's name in that of the file. A file's name has 255 at most, of which this one has 31 more, and that of the temporary file 37.</summary>
    private const int LongestName = 80;

    /// <summary>The name of the file for some settings: the folder, the size of the images, and a number for all that makes another file of the same folder.</summary>
    public static string FileName(DataSettings settings)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(settings.Source));
        string rest = string.Join('\n', path, settings.Labels, settings.Background, settings.MaxPixels, settings.TrainImages, settings.TestImages);
        string name = Path.GetFileName(path);
        return $"{Shortened(name)}-{settings.ImageSize}x{settings.ImageSize}-{XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(rest)):x16}{Extension}";
    }

    /// <summary>
    /// A number, in hexadecimal digits, for the images of a folder and the way in which they become pixels. It changes with the names, lengths and times of writing of the files, their order and their labels, and
    /// with every setting that counts.
    /// </summary>
    /// <param name="folder">The images.</param>
    /// <param name="decoding">How files become pixels.</param>
    /// <param name="mostTrainImages">How many training images are used at most.</param>
    /// <param name="mostTestImages">How many test images are used at most.</param>
    /// <param name="cancellation">Heeded at each file.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static string Fingerprint(ImageFolder folder, ImageDecoding decoding, int mostTrainImages, int mostTestImages, CancellationToken cancellation)
    {
        var hash = new XxHash128();
        Span<byte> numbers = stackalloc byte[sizeof(int) + sizeof(ulong)];
        Append($"{DecodingRule}\n{decoding}\n{mostTrainImages}\n{mostTestImages}");
        foreach (string name in folder.ClassNames)
        {
            Append(name);
        }
        foreach (IReadOnlyList<ImageEntry> part in (IReadOnlyList<ImageEntry>[])[folder.Train, folder.Test])
        {
            Append($"{part.Count}");
            foreach (ImageEntry image in part)
            {
                cancellation.ThrowIfCancellationRequested();
                Append(Path.GetRelativePath(folder.Path, image.Path));
                BinaryPrimitives.WriteInt32LittleEndian(numbers, image.Label);
                BinaryPrimitives.WriteUInt64LittleEndian(numbers[sizeof(int)..], VersionOf(image.Path));
                hash.Append(numbers);
            }
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());

        void Append(string text)
        {
            hash.Append(Encoding.UTF8.GetBytes(text));
            hash.Append("\0"u8);
        }
    }

    private static string Shortened(string name)
    {
        int bytes = 0;
        return string.Concat(name.EnumerateRunes().TakeWhile(rune => (bytes += rune.Utf8SequenceLength) <= LongestName));
    }

    /// <summary>The version of a file; 0 if it cannot be looked at, of which its decoding then tells.</summary>
    private static ulong VersionOf(string path)
    {
        try
        {
            return FileVersion.Of(path);
        }
        catch (DataException)
        {
            return 0;
        }
    }
}
