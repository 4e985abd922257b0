using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Lets ELF libraries that ask for the symbol version GLIBCXX_3.4.32 load where libstdc++ is older than GCC 13.2.
/// </summary>
/// <remarks>
/// The dynamic loader refuses a library that needs a symbol version its dependency does not define, unless the need is flagged weak
/// (VER_FLG_WEAK in vna_flags, System V gABI, "Symbol Versioning"). The one symbol of this version is
/// std::ios_base_library_init(), a marker that iostream's header emits and that nothing calls, so a weak need is safe.
/// The file is replaced by renaming, so that a hard link to a package cache is cut and not followed; its times stay, so that
/// incremental builds do not copy it again.
/// </remarks>
public sealed class AllowOlderLibstdcxx : Task
{
    private const string Version = "GLIBCXX_3.4.32";
    private const string SymbolOfThatVersion = "_ZSt21ios_base_library_initv";
    private const uint VersionNeedSection = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort Weak = 2;                      // VER_FLG_WEAK
    private const int LazyBinding = 1;                  // RTLD_LAZY

    /// <summary>The libraries to look through; one that does not ask for the version is left as it is.</summary>
    [Required]
    public ITaskItem[] Libraries { get; set; }

    /// <summary>Whether to do so for other systems' sake, where this one's libstdc++ has the version.</summary>
    public bool Always { get; set; }

    /// <summary>Flags the need weak in each library, where the system's libstdc++ lacks the version.</summary>
    /// <remarks>A system whose C library is not GNU's has no such loader; nothing can be told of it, and nothing is changed.</remarks>
    public override bool Execute()
    {
        try
        {
            return (!Always && SystemHasVersion()) || AllowOlder();
        }
        catch (DllNotFoundException)
        {
            return true;
        }
    }

    private bool AllowOlder()
    {
        foreach (ITaskItem item in Libraries)
        {
            string path = item.GetMetadata("FullPath");
            byte[] elf = File.ReadAllBytes(path);
            if (FlagNeedWeak(elf))
            {
                DateTime written = File.GetLastWriteTimeUtc(path);
                string replacement = path + ".weak";
                File.WriteAllBytes(replacement, elf);
                File.SetLastWriteTimeUtc(replacement, written);
                File.Delete(path);
                File.Move(replacement, path);
                Log.LogMessage(MessageImportance.Normal, "{0}: {1} is now a weak need.", path, Version);
            }
        }
        return true;
    }

    private static bool SystemHasVersion()
    {
        IntPtr library = dlopen("libstdc++.so.6", LazyBinding);
        return library != IntPtr.Zero && dlsym(library, SymbolOfThatVersion) != IntPtr.Zero;
    }

    /// <summary>Sets the flag in every version-need entry of that name; false where there is none that lacks it.</summary>
    private static bool FlagNeedWeak(byte[] elf)
    {
        bool is64BitLittleEndian = elf.Length > 64 && BitConverter.ToUInt32(elf, 0) == 0x464c457f && elf[4] == 2 && elf[5] == 1;
        if (!is64BitLittleEndian)
        {
            return false;
        }
        long sections = BitConverter.ToInt64(elf, 40);
        int sectionSize = BitConverter.ToUInt16(elf, 58), sectionCount = BitConverter.ToUInt16(elf, 60);
        bool changed = false;
        for (int i = 0; i < sectionCount; i++)
        {
            int header = checked((int)sections + i * sectionSize);
            if (BitConverter.ToUInt32(elf, header + 4) != VersionNeedSection)
            {
                continue;
            }
            int namesHeader = checked((int)sections + BitConverter.ToInt32(elf, header + 40) * sectionSize);
            int names = checked((int)BitConverter.ToInt64(elf, namesHeader + 24));
            int need = checked((int)BitConverter.ToInt64(elf, header + 24)), toNextNeed;
            do
            {
                int entry = need + BitConverter.ToInt32(elf, need + 8), toNextEntry;
                do
                {
                    int flags = entry + 4;
                    string name = NameAt(elf, names + BitConverter.ToInt32(elf, entry + 8));
                    if (name == Version && (BitConverter.ToUInt16(elf, flags) & Weak) == 0)
                    {
                        elf[flags] |= (byte)Weak;
                        changed = true;
                    }
                    toNextEntry = BitConverter.ToInt32(elf, entry + 12);
                    entry += toNextEntry;
                } while (toNextEntry != 0);
                toNextNeed = BitConverter.ToInt32(elf, need + 12);
                need += toNextNeed;
            } while (toNextNeed != 0);
        }
        return changed;
    }

    private static string NameAt(byte[] elf, int start)
    {
        return Encoding.ASCII.GetString(elf, start, Array.IndexOf(elf, (byte)0, start) - start);
    }

    [DllImport("libdl.so.2", CharSet = CharSet.Ansi)]
    private static extern IntPtr dlopen(string file, int flags);

    [DllImport("libdl.so.2", CharSet = CharSet.Ansi)]
    private static extern IntPtr dlsym(IntPtr library, string symbol);
}
