using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using ErLoss.SelfSupervised.IO;
using TorchSharp;

namespace ErTraining.Libtorch;

/// <summary>A context in which the program runs with the libtorch of a folder, whatever libtorch lies beside the program.</summary>
/// <remarks>
/// Wherever its type initialiser runs, TorchSharp loads the torch_cpu that the host finds beside the program, though another be loaded:
/// two of them in a process end it. Only a load context of its own is asked before the host looks there, so the program starts anew in one.
/// </remarks>
internal sealed class LibtorchContext : AssemblyLoadContext
{
    private const string Bridge = "LibTorchSharp";

    private readonly LibtorchFolder _folder;
    private readonly nint _bridge;

    private LibtorchContext(LibtorchFolder folder)
    {
        _folder = folder;
        try
        {
            string bridge = FindBridge();
            bool isChecked = folder.DeclaredVersion is { } declared && folder.CheckVersion(declared, bridge); // before anything is loaded
            // As PyTorch itself begins: the MKL of some builds finds its parts among the symbols that all libraries see.
            LoadIfThere("torch_global_deps", forAll: true);
            LoadIfThere("c10");
            nint torch = LoadIfThere("torch_cpu");
            if (!isChecked)
            {
                folder.CheckVersion(LibtorchVersion.Read(torch) ?? "of unknown version", bridge);
            }
            LoadIfThere("torch_cuda");
            LoadIfThere("torch");
            _bridge = DynamicLibrary.Load(bridge);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            string remedy = e.Message.Contains("GLIBCXX_", StringComparison.Ordinal) ? " A newer libstdc++ is wanted, first in LD_LIBRARY_PATH." : "";
            throw new DataException($"{folder.AskedFor}: libtorch does not load: {e.Message.TrimEnd('.')}.{remedy}");
        }
    }

    /// <summary>
    /// Runs the program once more, with the libtorch asked for; null, to go on, where that is what is happening, or where none is asked
    /// for and the program has its own.
    /// </summary>
    /// <param name="option">The folder that the command line names, if it does.</param>
    /// <param name="args">The whole command line.</param>
    /// <returns>The program's exit code.</returns>
    /// <exception cref="DataException">There is no libtorch there, or one that does not fit or does not load; or none at all.</exception>
    public static int? Run(string? option, string[] args)
    {
        if (GetLoadContext(typeof(LibtorchContext).Assembly) != Default)
        {
            return null;
        }
        if (LibtorchFolder.Asked(option) is not { } folder)
        {
            return NativeLibrary.TryLoad("torch_cpu", typeof(torch).Assembly, null, out _) ? null : throw new DataException(WhyNone());
        }
        Environment.SetEnvironmentVariable(LibtorchFolder.Variable, folder.Path);
        if (OperatingSystem.IsWindows())
        {
            // What libtorch loads by name alone, CUDA's libraries among it.
            Environment.SetEnvironmentVariable("PATH", $"{folder.Path};{Environment.GetEnvironmentVariable("PATH")}");
        }
        MethodInfo main = new LibtorchContext(folder).LoadFromAssemblyPath(Assembly.GetEntryAssembly()!.Location).EntryPoint!;
        return (int)main.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [args], null)!;
    }

    /// <summary>Why the program's own libtorch did not load: it is not there, or what the loader says of it.</summary>
    private static string WhyNone()
    {
        const string Torch = "torch_cpu";
        if (Find(Torch) is not { } path)
        {
            return $"no libtorch beside the program; {LibtorchFolder.Option} DIR or the environment variable {LibtorchFolder.Variable} must name {LibtorchFolder.Wanted}.";
        }
        try
        {
            DynamicLibrary.Load(path);
            return $"{path}: libtorch did not load, but does so now; start again.";
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            bool isMemory = e.Message.Contains("failed to map", StringComparison.Ordinal) || e.Message.Contains("annot allocate memory", StringComparison.Ordinal);
            string remedy = isMemory ? " The address space of this process is limited (ulimit -v); libtorch needs about 4 GiB of it." : "";
            return $"libtorch does not load: {e.Message.TrimEnd('.')}.{remedy}";
        }
    }

    /// <summary>All that is the program's own; the framework is there once.</summary>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        string name = assemblyName.Name!, path = Path.Combine(AppContext.BaseDirectory, $"{name}.dll");
        bool isFramework = name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.", StringComparison.Ordinal);
        return isFramework || !File.Exists(path) ? null : LoadFromAssemblyPath(path);
    }

    /// <summary>What TorchSharp asks for: never what lies beside the program.</summary>
    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        if (unmanagedDllName == Bridge)
        {
            return _bridge;
        }
        string path = InFolder(unmanagedDllName);
        return File.Exists(path) ? DynamicLibrary.Load(path)
            : unmanagedDllName == "torch_cuda" ? throw new DllNotFoundException($"{path}: not there.")
            : 0;
    }

    private nint LoadIfThere(string library, bool forAll = false) =>
        File.Exists(InFolder(library)) ? DynamicLibrary.Load(InFolder(library), forAll) : 0;

    private string InFolder(string library) => Path.Combine(_folder.Path, DynamicLibrary.FileName(library));

    /// <summary>The library between TorchSharp and libtorch: where the host looks, and so beside the program at the latest.</summary>
    private static string FindBridge() => Find(Bridge) ?? throw new DllNotFoundException($"{DynamicLibrary.FileName(Bridge)} is not beside the program");

    private static string? Find(string library)
    {
        string[] folders = [.. $"{AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES")}".Split(Path.PathSeparator), AppContext.BaseDirectory];
        return Array.Find([.. folders.Select(folder => Path.Combine(folder, DynamicLibrary.FileName(library)))], File.Exists);
    }
}
