using System.Buffers.Binary;
using System.Text;

namespace ErLoss.Package.Tests;

/// <summary>The symbol versions a 64-bit little-endian ELF library needs, read as the dynamic loader does: from its segments.</summary>
/// <remarks>
/// System V gABI: program header → PT_DYNAMIC → DT_STRTAB, DT_VERNEED, DT_VERNEEDNUM → Elf64_Verneed → Elf64_Vernaux. The build's own
/// reader goes by section headers.
/// </remarks>
internal sealed class ElfVersionNeeds
{
    public const ushort WeakFlag = 2;

    private const int Load = 1, Dynamic = 2;
    private const long StringTable = 5, VersionNeed = 0x6ffffffe, VersionNeedCount = 0x6fffffff;

    private readonly byte[] _elf;

    private ElfVersionNeeds(byte[] elf) => _elf = elf;

    /// <summary>The 16 bits of flags of the need for a version, and their place in the file; null where it is not needed.</summary>
    public static (int Place, ushort Flags)? FlagsOf(byte[] elf, string version) => new ElfVersionNeeds(elf).Find(version);

    private (int Place, ushort Flags)? Find(string version)
    {
        Dictionary<long, long> dynamic = ReadDynamic();
        int names = FileOffset(dynamic[StringTable]);
        int need = FileOffset(dynamic[VersionNeed]);
        for (long i = 0; i < dynamic[VersionNeedCount]; i++)
        {
            int auxiliary = need + Int32(need + 8);
            for (int j = 0; j < UInt16(need + 2); j++)
            {
                if (NameAt(names + Int32(auxiliary + 8)) == version)
                {
                    return (auxiliary + 4, UInt16(auxiliary + 4));
                }
                auxiliary += Int32(auxiliary + 12);
            }
            need += Int32(need + 12);
        }
        return null;
    }

    private Dictionary<long, long> ReadDynamic()
    {
        int segment = Segments().Single(segment => Int32(segment) == Dynamic);
        (int start, int length) = ((int)Int64(segment + 8), (int)Int64(segment + 32));
        var entries = new Dictionary<long, long>();
        for (int entry = start; entry < start + length && Int64(entry) != 0; entry += 16)
        {
            entries[Int64(entry)] = Int64(entry + 8);
        }
        return entries;
    }

    private int FileOffset(long address)
    {
        int segment = Segments().Single(segment =>
            Int32(segment) == Load && Int64(segment + 16) <= address && address < Int64(segment + 16) + Int64(segment + 32));
        return (int)(address - Int64(segment + 16) + Int64(segment + 8));
    }

    private IEnumerable<int> Segments() =>
        Enumerable.Range(0, UInt16(56)).Select(i => (int)Int64(32) + i * UInt16(54));

    private string NameAt(int start) => Encoding.ASCII.GetString(_elf, start, Array.IndexOf(_elf, (byte)0, start) - start);

    private ushort UInt16(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_elf.AsSpan(at));

    private int Int32(int at) => BinaryPrimitives.ReadInt32LittleEndian(_elf.AsSpan(at));

    private long Int64(int at) => BinaryPrimitives.ReadInt64LittleEndian(_elf.AsSpan(at));
}
