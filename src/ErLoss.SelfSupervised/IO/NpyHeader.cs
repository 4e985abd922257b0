using System.Globalization;
using System.Text;

namespace ErLoss.SelfSupervised.IO;

/// <summary>
/// The beginning of a file in NumPy's format, version 1.0 (numpy.org, "numpy.lib.format"): a magic string, the version, the length of a header, and the header, a Python literal that
/// names type, order and shape. The elements follow it. Files of matrices are written here, and their headers always have the same length, so that the number of rows can change.
/// </summary>
internal static class NpyHeader
{
    /// <summary>Bytes before the first element: room for the longest shape, and a multiple of 64, as the format wants.</summary>
    public const int Length = 128;

    private static readonly byte[] s_magic = [0x93, .. "NUMPY"u8, 1, 0];

    /// <summary>The header of a matrix of little-endian numbers in row-major order.</summary>
    /// <param name="type">NumPy's name of the type: <c>&lt;f4</c> is float32, <c>&lt;f2</c> is float16.</param>
    /// <param name="rows">Not negative.</param>
    /// <param name="columns">Not negative.</param>
    public static byte[] Create(string type, long rows, long columns)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
        byte[] header = new byte[Length];
        header.AsSpan().Fill((byte)' ');
        s_magic.CopyTo(header, 0);
        int start = s_magic.Length + sizeof(ushort), rest = Length - start;
        (header[s_magic.Length], header[s_magic.Length + 1]) = ((byte)rest, (byte)(rest >> 8));
        Encoding.ASCII.GetBytes(text, header.AsSpan(start, rest - 1));
        header[^1] = (byte)'\n';
        return header;
    }
}
