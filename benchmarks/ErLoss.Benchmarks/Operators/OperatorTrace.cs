using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using ErTraining.CommandLine;
using TorchSharp;

namespace ErLoss.Benchmarks;

/// <summary>The operators that libtorch dispatches while the trace is open, from its own execution-trace observer. On Linux.</summary>
/// <remarks>
/// TorchSharp does not bind the observer, but libtorch exports it (torch/csrc/profiler/standalone/execution_trace_observer.h). It is one to a process and
/// writes a file of JSON, in which every operator names the one that dispatched it.
/// </remarks>
internal sealed unsafe class OperatorTrace : IDisposable
{
    private const string Namespace = "_ZN5torch8profiler4impl";

    private readonly delegate* unmanaged[Cdecl]<void> _disable, _remove;
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.json");
    private bool _isOpen;

    /// <summary>Begins to record.</summary>
    /// <exception cref="UsageException">Not on this system, or not with this libtorch.</exception>
    public OperatorTrace()
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new UsageException("operators are counted on Linux only, where libtorch exports what it takes.");
        }
        nint library = NativeLibrary.Load("torch_cpu", typeof(torch).Assembly, null);
        var add = (delegate* unmanaged[Cdecl]<NativeString*, byte>)Export(
            library, "25addExecutionTraceObserverERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE");
        var enable = (delegate* unmanaged[Cdecl]<void>)Export(library, "28enableExecutionTraceObserverEv");
        _disable = (delegate* unmanaged[Cdecl]<void>)Export(library, "29disableExecutionTraceObserverEv");
        _remove = (delegate* unmanaged[Cdecl]<void>)Export(library, "28removeExecutionTraceObserverEv");
        byte[] path = Encoding.UTF8.GetBytes(_file + '\0');
        fixed (byte* bytes = path)
        {
            var name = new NativeString { Characters = bytes, Length = (nuint)path.Length - 1, Capacity = (nuint)path.Length - 1 };
            _isOpen = add(&name) != 0;
        }
        if (!_isOpen)
        {
            throw new IOException($"{_file}: libtorch could not open it.");
        }
        enable();
    }

    /// <summary>Ends the trace and says what was dispatched, in the order in which it began.</summary>
    public IReadOnlyList<Operator> End()
    {
        Close();
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(_file));
        return [.. document.RootElement.GetProperty("nodes").EnumerateArray().Select(Read).OrderBy(node => node.Id)];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        File.Delete(_file);
    }

    private void Close()
    {
        if (_isOpen)
        {
            _isOpen = false;
            _disable();
            _remove();
        }
    }

    private static Operator Read(JsonElement node)
    {
        string schema = node.GetProperty("attrs").EnumerateArray()
            .First(attribute => attribute.GetProperty("name").ValueEquals("op_schema")).GetProperty("value").GetString()!;
        return new Operator(node.GetProperty("id").GetInt64(), node.GetProperty("ctrl_deps").GetInt64(), node.GetProperty("name").GetString()!, schema)
        {
            GivesScalar = node.GetProperty("outputs").GetProperty("shapes").GetRawText() == "[[]]",
        };
    }

    private static nint Export(nint library, string name) => NativeLibrary.TryGetExport(library, Namespace + name, out nint function)
        ? function
        : throw new UsageException($"this libtorch ({torch.__version__}) does not export the observer that counts operators.");

    /// <summary>A std::string of GNU's C++ library, which libtorch only reads.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct NativeString
    {
        public byte* Characters;
        public nuint Length, Capacity, Unused;
    }
}
