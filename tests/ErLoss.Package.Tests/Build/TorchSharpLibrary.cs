using System.Runtime.InteropServices;
using TorchSharp;

namespace ErLoss.Package.Tests;

/// <summary>TorchSharp's native library for Linux, and the symbol version it asks for.</summary>
internal static class TorchSharpLibrary
{
    public const string FileName = "libLibTorchSharp.so";
    public const string Version = "GLIBCXX_3.4.32";

    private static readonly string PathInPackage = Path.Combine("runtimes", "linux-x64", "native", FileName);

    /// <summary>The copy beside this test assembly.</summary>
    public static string InOutput => Path.Combine(AppContext.BaseDirectory, PathInPackage);

    /// <summary>The original in the NuGet package cache.</summary>
    public static string InPackageCache { get; } =
        RestoredPackages.Folders.Select(folder => Path.Combine(folder, "torchsharp", PackageVersion, PathInPackage)).First(File.Exists);

    public static string PackageVersion => typeof(torch).Assembly.GetName().Version!.ToString(3);

    /// <summary>Whether the system's libstdc++ has the version, that is the symbol that came with it.</summary>
    public static bool SystemHasVersion =>
        NativeLibrary.TryLoad("libstdc++.so.6", out nint library)
        && NativeLibrary.TryGetExport(library, "_ZSt21ios_base_library_initv", out _);

    /// <summary>What the build has to make of a library: the need is flagged weak where the system lacks the version, or always.</summary>
    public static byte[] AsBuilt(byte[] original, bool always = false)
    {
        byte[] expected = [.. original];
        if ((always || !SystemHasVersion) && ElfVersionNeeds.FlagsOf(original, Version) is (int place, _))
        {
            expected[place] |= (byte)ElfVersionNeeds.WeakFlag;
        }
        return expected;
    }
}
