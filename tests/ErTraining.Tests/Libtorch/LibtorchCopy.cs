using System.Text;
using ErTraining.Libtorch;

namespace ErTraining.Tests.Libtorch;

/// <summary>A folder laid out as PyTorch's wheels are, with the libraries of the package the tests run with.</summary>
internal sealed class LibtorchCopy : IDisposable
{
    private static readonly string[] s_libraries = ["libtorch.so", "libtorch_cpu.so", "libtorch_global_deps.so", "libc10.so", "libgomp*"];

    private readonly TemporaryDirectory _folder = new();

    public LibtorchCopy()
    {
        Directory.CreateDirectory(Lib);
        foreach (string file in s_libraries.SelectMany(pattern => Directory.GetFiles(Original, pattern)))
        {
            File.Copy(file, Path.Combine(Lib, Path.GetFileName(file)));
        }
        Declare(Version);
    }

    /// <summary>What its version.py says at first.</summary>
    public const string Version = "2.10.0+copy";

    /// <summary>One of the symbols of libc10.so that LibTorchSharp asks for.</summary>
    public const string SymbolOfC10 = "_ZN3c106SymInt19promote_to_negativeEv";

    /// <summary>Where the host finds libtorch for the tests themselves.</summary>
    public static string Original { get; } = $"{AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES")}".Split(Path.PathSeparator)
        .First(folder => File.Exists(Path.Combine(folder, DynamicLibrary.FileName("torch_cpu"))));

    /// <summary>As the package folder of a wheel.</summary>
    public string Torch => _folder["torch"];

    /// <summary>Has version.py say that it is of a version.</summary>
    public void Declare(string version) =>
        File.WriteAllText(Path.Combine(Torch, "version.py"), $"from typing import Optional\n\n__version__ = '{version}'\ndebug = False\n");

    /// <summary>Takes a symbol from libc10.so, by another name in its place, until disposed.</summary>
    public IDisposable Without(string symbol)
    {
        string path = Path.Combine(Lib, "libc10.so");
        byte[] before = File.ReadAllBytes(path), after = [.. before];
        byte[] name = [0, .. Encoding.ASCII.GetBytes(symbol), 0];
        int places = 0;
        for (int start = 0; after.AsSpan(start).IndexOf(name) is >= 0 and var place; start += place + 1, places++)
        {
            after[start + place + 1] = (byte)'Q';
        }
        Assert.That(places, Is.Positive);
        File.WriteAllBytes(path, after);
        return new Restore(path, before);
    }

    public string Lib => Path.Combine(Torch, "lib");

    public void Dispose() => _folder.Dispose();

    private sealed class Restore(string path, byte[] content) : IDisposable
    {
        public void Dispose() => File.WriteAllBytes(path, content);
    }
}
