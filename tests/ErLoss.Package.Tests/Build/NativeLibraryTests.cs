namespace ErLoss.Package.Tests;

/// <summary>TorchSharp's library loads on a system whose libstdc++ is older than the one it was built with: see build/.</summary>
[Platform("Linux")]
public class NativeLibraryTests
{
    [Test]
    public void CopyInTheOutputFolderNeedsNoVersionThatTheSystemLacks()
    {
        (int Place, ushort Flags)? need = ElfVersionNeeds.FlagsOf(File.ReadAllBytes(TorchSharpLibrary.InOutput), TorchSharpLibrary.Version);
        bool isWeak = need is (_, ushort flags) && (flags & ElfVersionNeeds.WeakFlag) != 0;
        Assert.That(need is null || isWeak || TorchSharpLibrary.SystemHasVersion);
    }

    [Test]
    public void CopyInTheOutputFolderIsTheOriginalButForTheFlag() => Assert.That(
        File.ReadAllBytes(TorchSharpLibrary.InOutput).AsSpan().SequenceEqual(
            TorchSharpLibrary.AsBuilt(File.ReadAllBytes(TorchSharpLibrary.InPackageCache))));

    // A need of the version that is weak in the cache would be the build's own doing, by a link followed.
    [Test]
    public void OriginalInThePackageCacheIsUntouched()
    {
        byte[] original = File.ReadAllBytes(TorchSharpLibrary.InPackageCache);
        (int Place, ushort Flags)? need = ElfVersionNeeds.FlagsOf(original, TorchSharpLibrary.Version);
        Assert.That(need, Is.Not.Null);
        Assert.That(need!.Value.Flags & ElfVersionNeeds.WeakFlag, Is.Zero);
    }
}
