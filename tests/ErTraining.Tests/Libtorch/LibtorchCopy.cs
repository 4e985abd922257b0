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
        File.WriteAllText(Path.Combine(Torch, "version.py"), "from typing import Optional\n\n__version__ = '2.10.0+copy'\ndebug = False\n");
    }

    /// <summary>Where the host finds libtorch for the tests themselves.</summary>
    public static string Original { get; } = $"{AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES")}".Split(Path.PathSeparator)
        .First(folder => File.Exists(Path.Combine(folder, DynamicLibrary.FileName("torch_cpu"))));

    /// <summary>As the package folder of a wheel.</summary>
    public string Torch => _folder["torch"];

    public string Lib => Path.Combine(Torch, "lib");

    public void Dispose() => _folder.Dispose();
}
