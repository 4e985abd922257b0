using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace ErTraining.Tests.Embeddings;

/// <summary>A matrix read by the rules of NumPy's format (numpy.org, "numpy.lib.format"), version 1.0, without the writer's code.</summary>
internal sealed partial record NpyFile(int Rows, int Columns, float[] Values)
{
    public static NpyFile Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        Assert.That(file[..8], Is.EqualTo((byte[])[0x93, .. "NUMPY"u8, 1, 0]), "magic string and version");
        int start = 10 + BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8));
        Assert.That(start % 64, Is.Zero, "the elements are aligned");
        Match header = Header().Match(Encoding.ASCII.GetString(file, 10, start - 10));
        Assert.That(header.Success, "the header is a literal of a dictionary, then spaces and a line feed");
        (int rows, int columns) = (int.Parse(header.Groups["rows"].Value), int.Parse(header.Groups["columns"].Value));
        float[] values = header.Groups["type"].Value == "f4"
            ? MemoryMarshal.Cast<byte, float>(file.AsSpan(start)).ToArray()
            : [.. MemoryMarshal.Cast<byte, Half>(file.AsSpan(start)).ToArray().Select(half => (float)half)];
        Assert.That(values, Has.Length.EqualTo(rows * columns));
        return new NpyFile(rows, columns, values);
    }

    [GeneratedRegex(@"^\{'descr': '<(?<type>f[24])', 'fortran_order': False, 'shape': \((?<rows>\d+), (?<columns>\d+)\), \} *\n$")]
    private static partial Regex Header();
}
