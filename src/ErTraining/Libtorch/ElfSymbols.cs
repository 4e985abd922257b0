using System.Buffers.Binary;
using System.Text;

namespace ErTraining.Libtorch;

/// <summary>The dynamic symbols of a 64-bit little-endian ELF library: what it has, and what it asks others for.</summary>
/// <remarks>
/// Read from the sections .dynsym, its strings and .gnu.version alone: libtorch is half a gigabyte, most of it code. (The library ELFSharp reads a
/// file as a whole, which takes seconds here.)
/// </remarks>
internal sealed class ElfSymbols
{
    private const int HeaderLength = 64, SymbolLength = 24, LongestTable = 1 << 28;
    private const int DynamicSymbols = 11, SymbolVersions = 0x6fffffff; // SHT_DYNSYM, SHT_GNU_versym
    private const int Local = 0, Weak = 2;                             // STB_LOCAL, STB_WEAK
    private const int GlobalVersion = 1, VersionMask = 0x7fff;         // VER_NDX_GLOBAL: of no version

    private readonly byte[] _symbols, _names, _versions;

    private ElfSymbols(byte[] symbols, byte[] names, byte[] versions) => (_symbols, _names, _versions) = (symbols, names, versions);

    /// <summary>Names of the symbols that others can use.</summary>
    public IEnumerable<string> Defined => Names((binding, isDefined, _) => isDefined && binding != Local);

    /// <summary>
    /// Names of the symbols that others must have for it to work: neither weak ones, which may be missing, nor such of a version, which GNU's own libraries
    /// (libc, libm, libstdc++, libgcc) give to all of theirs and libtorch to none.
    /// </summary>
    public IEnumerable<string> Wanted => Names((binding, isDefined, isVersioned) => !isDefined && binding is not (Local or Weak) && !isVersioned);

    /// <summary>Reads a library's symbols.</summary>
    /// <exception cref="BadImageFormatException">It is no such library.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static ElfSymbols Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] header = Part(0, HeaderLength);
        if (!header.AsSpan(0, 6).SequenceEqual((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]))
        {
            throw NoLibrary();
        }
        int length = UInt16(header, 58), count = UInt16(header, 60);
        byte[] sections = Part(Int64(header, 40), (long)length * count);
        int symbols = -1, versions = -1;
        for (int i = 0; i < count && length >= HeaderLength; i++)
        {
            int type = Int32(sections, i * length + 4);
            (symbols, versions) = (type == DynamicSymbols ? i : symbols, type == SymbolVersions ? i : versions);
        }
        int names = symbols < 0 ? -1 : Int32(sections, symbols * length + 40); // sh_link
        return names >= 0 && names < count
            ? new ElfSymbols(Section(symbols), Section(names), versions < 0 ? [] : Section(versions))
            : throw NoLibrary();

        byte[] Section(int index) => Part(Int64(sections, index * length + 24), Int64(sections, index * length + 32));

        byte[] Part(long start, long bytes)
        {
            if (start < 0 || bytes is < 0 or > LongestTable || start > file.Length - bytes)
            {
                throw NoLibrary();
            }
            byte[] part = new byte[bytes];
            file.Position = start;
            file.ReadExactly(part);
            return part;
        }

        BadImageFormatException NoLibrary() => new($"{path}: no 64-bit ELF library");
    }

    private IEnumerable<string> Names(Func<int, bool, bool, bool> isMeant)
    {
        for (int i = 1; i < _symbols.Length / SymbolLength; i++)
        {
            int symbol = i * SymbolLength, name = Int32(_symbols, symbol);
            bool isVersioned = 2 * i + 1 < _versions.Length && (UInt16(_versions, 2 * i) & VersionMask) > GlobalVersion;
            if (isMeant(_symbols[symbol + 4] >> 4, UInt16(_symbols, symbol + 6) != 0, isVersioned) && name > 0 && name < _names.Length)
            {
                ReadOnlySpan<byte> rest = _names.AsSpan(name);
                int end = rest.IndexOf((byte)0);
                yield return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
            }
        }
    }

    private static ushort UInt16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static int Int32(byte[] bytes, int at) => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));

    private static long Int64(byte[] bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));
}
