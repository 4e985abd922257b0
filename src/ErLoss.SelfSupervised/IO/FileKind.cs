using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ErLoss.SelfSupervised.IO;

/// <summary>What a path leads to, where that is neither a file nor a folder: opening a named pipe can wait for ever, and /dev/zero has no end.</summary>
internal static class FileKind
{
    private const int CurrentDirectory = -100, FollowLinks = 0; // AT_FDCWD, and no AT_SYMLINK_NOFOLLOW
    private const uint WantsType = 1; // STATX_TYPE
    private const int BufferLength = 256, ModeOffset = 28; // struct statx is the same on all processors
    private const int KindMask = 0xF000, NamedPipe = 0x1000, CharacterDevice = 0x2000, BlockDevice = 0x6000, Socket = 0xC000;

    /// <summary>"a named pipe", "a device" or "a socket", also where a link leads to one; null of everything else, and on systems other than Linux.</summary>
    /// <param name="path">It need not exist.</param>
    public static string? Special(string path) => Mode(path) switch
    {
        { } mode when (mode & KindMask) == NamedPipe => "a named pipe",
        { } mode when (mode & KindMask) is CharacterDevice or BlockDevice => "a device",
        { } mode when (mode & KindMask) == Socket => "a socket",
        _ => null,
    };

    private static int? Mode(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }
        byte[] buffer = new byte[BufferLength];
        try
        {
            return Statx(CurrentDirectory, path, FollowLinks, WantsType, buffer) == 0 ? BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(ModeOffset)) : null;
        }
        catch (EntryPointNotFoundException)
        {
            return null; // glibc before 2.28
        }
    }

    [DllImport("libc", EntryPoint = "statx")]
    private static extern int Statx(int directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte[] buffer);
}
