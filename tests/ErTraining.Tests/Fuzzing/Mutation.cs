using System.Buffers.Binary;
using System.Text;

namespace ErTraining.Tests.Fuzzing;

/// <summary>Spoils bytes as disks, cut transfers, editors and ill will do.</summary>
internal static class Mutation
{
    private static readonly ulong[] s_lengths = [0, 1, 0x7FFF_FFFF, 0x8000_0000, 1UL << 60, long.MaxValue, 1UL << 63, ulong.MaxValue];

    private static readonly string[] s_numbers =
        ["-1", "0", "1e999", "1e-999", "0.5", "2147483648", "1152921504606846976", "9223372036854775808", "99999999999999999999999", "null", "\"7\"", "NaN"];

    private static readonly byte[][] s_texts =
    [
        Encoding.UTF8.GetBytes(new string('[', 100_000)), Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 10_000))),
        "\"\\ud800\""u8.ToArray(), "\0"u8.ToArray(), "\r\n"u8.ToArray(), "\xEF\xBB\xBF"u8.ToArray(), "\xFF\xFE"u8.ToArray(), "\""u8.ToArray(), "}"u8.ToArray(),
    ];

    /// <summary>One to three changes.</summary>
    public static byte[] Of(byte[] original, Random random)
    {
        List<byte> bytes = [.. original];
        for (int changes = random.Next(1, 4); changes > 0; changes--)
        {
            Change(bytes, random);
        }
        return [.. bytes];
    }

    private static void Change(List<byte> bytes, Random random)
    {
        // Headers stand at the start and are short: half of the changes go there.
        int at = random.Next(random.Next(2) == 0 ? Math.Min(bytes.Count, 256) + 1 : bytes.Count + 1);
        int rest = bytes.Count - at, some = random.Next(Math.Min(rest, 40) + 1);
        switch (random.Next(9))
        {
            case 0 when rest > 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when rest > 0:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, rest);
                break;
            case 3:
                bytes.RemoveRange(at, some);
                break;
            case 4:
                bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, some));
                break;
            case 5:
                byte[] noise = new byte[some];
                random.NextBytes(noise);
                bytes.InsertRange(at, noise);
                break;
            case 6:
                byte[] length = new byte[sizeof(ulong)];
                BinaryPrimitives.WriteUInt64LittleEndian(length, s_lengths[random.Next(s_lengths.Length)]);
                Overwrite(bytes, random.Next(2) == 0 ? 0 : at, length);
                break;
            case 7:
                ReplaceNumber(bytes, at, Encoding.UTF8.GetBytes(s_numbers[random.Next(s_numbers.Length)]));
                break;
            default:
                bytes.InsertRange(at, s_texts[random.Next(s_texts.Length)]);
                break;
        }
    }

    private static void Overwrite(List<byte> bytes, int at, byte[] with)
    {
        bytes.RemoveRange(at, Math.Min(with.Length, bytes.Count - at));
        bytes.InsertRange(at, with);
    }

    /// <summary>Puts another in the place of the first decimal number from a place on.</summary>
    private static void ReplaceNumber(List<byte> bytes, int at, byte[] with)
    {
        int start = bytes.FindIndex(at, value => char.IsAsciiDigit((char)value));
        if (start >= 0)
        {
            int end = bytes.FindIndex(start, value => !char.IsAsciiDigit((char)value));
            bytes.RemoveRange(start, (end < 0 ? bytes.Count : end) - start);
            bytes.InsertRange(start, with);
        }
    }
}
