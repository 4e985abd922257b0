using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Google.Protobuf;
using Tensorboard;

namespace ErLoss.Training.Runs;

/// <summary>
/// A file of TensorBoard's events: records of length, masked CRC-32C of the length, content and masked CRC-32C of the content (tensorflow.org/tutorials/load_data/tfrecord,
/// "TFRecords format details"), each content a protocol buffer. The first one names the version of the format.
/// </summary>
/// <remarks>TorchSharp's own writer gives the first record, and the file's name, the time in .NET's ticks where TensorBoard expects seconds since 1970.</remarks>
internal static class TensorBoardFile
{
    private const string NamePrefix = "events.out.tfevents.", Version = "brain.Event:2";
    private const int HeaderLength = 12, TrailerLength = 4; // around the content
    private const int LongestRecord = 1 << 20; // an event here has a hundred bytes

    /// <summary>The event files of a folder, oldest first.</summary>
    /// <param name="folder">It exists.</param>
    public static IReadOnlyList<string> In(string folder) => [.. Directory.GetFiles(folder, NamePrefix + "*").Order(StringComparer.Ordinal)];

    /// <summary>Begins a file, named as TensorBoard's own writer names it: by the time, the machine and the process.</summary>
    /// <returns>Its path.</returns>
    public static string Create(string folder, DateTimeOffset now)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{NamePrefix}{now.ToUnixTimeSeconds():d10}.{Environment.MachineName}.{Environment.ProcessId}.0");
        string path = Path.Combine(folder, name);
        Append(path, [new Event { FileVersion = Version, WallTime = Seconds(now) }]);
        return path;
    }

    /// <summary>Adds events to the end of a file.</summary>
    public static void Append(string path, IEnumerable<Event> events)
    {
        using var records = new MemoryStream();
        Span<byte> header = stackalloc byte[HeaderLength];
        Span<byte> trailer = stackalloc byte[TrailerLength];
        foreach (Event entry in events)
        {
            byte[] content = entry.ToByteArray();
            BinaryPrimitives.WriteInt64LittleEndian(header, content.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(header[sizeof(long)..], MaskedChecksum(header[..sizeof(long)]));
            BinaryPrimitives.WriteUInt32LittleEndian(trailer, MaskedChecksum(content));
            records.Write(header);
            records.Write(content);
            records.Write(trailer);
        }
        using var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        stream.Write(records.GetBuffer().AsSpan(0, (int)records.Length)); // at once, so that a reader sees whole records
    }

    /// <summary>Reads a file's events up to the first one that is not wanted, or not sound, and cuts the file off there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isWanted">Whether an event stays.</param>
    /// <returns>The events that stay.</returns>
    public static IReadOnlyList<Event> Trim(string path, Predicate<Event> isWanted)
    {
        var events = new List<Event>();
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        long end = 0;
        while (Next(stream) is { } entry && isWanted(entry))
        {
            events.Add(entry);
            end = stream.Position;
        }
        stream.SetLength(end);
        return events;
    }

    /// <summary>A time as TensorBoard has it.</summary>
    public static double Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;

    private static Event? Next(FileStream stream)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        if (stream.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength
            || BinaryPrimitives.ReadUInt32LittleEndian(header[sizeof(long)..]) != MaskedChecksum(header[..sizeof(long)])
            || BinaryPrimitives.ReadInt64LittleEndian(header) is < 0 or > LongestRecord)
        {
            return null;
        }
        byte[] rest = new byte[BinaryPrimitives.ReadInt64LittleEndian(header) + TrailerLength];
        if (stream.ReadAtLeast(rest, rest.Length, throwOnEndOfStream: false) < rest.Length)
        {
            return null;
        }
        if (BinaryPrimitives.ReadUInt32LittleEndian(rest.AsSpan(^TrailerLength..)) != MaskedChecksum(rest.AsSpan(..^TrailerLength)))
        {
            return null;
        }
        return Event.Parser.ParseFrom(rest, 0, rest.Length - TrailerLength); // not from a span, which TorchSharp's Event does not know
    }

    private static uint MaskedChecksum(ReadOnlySpan<byte> bytes)
    {
        const uint Mask = 0xa282ead8;
        uint checksum = uint.MaxValue;
        foreach (byte value in bytes)
        {
            checksum = BitOperations.Crc32C(checksum, value);
        }
        return BitOperations.RotateRight(~checksum, 15) + Mask;
    }
}
