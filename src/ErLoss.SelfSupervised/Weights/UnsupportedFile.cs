using ErLoss.SelfSupervised.IO;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>Recognises, by its first bytes, a file that was taken for a safetensors file and is not one.</summary>
internal static class UnsupportedFile
{
    private const int BytesRead = 512;

    private static readonly (byte[] Start, Func<string, byte[], string> Says)[] s_kinds =
    [
        ([.. "PK"u8, 0x03, 0x04], Zip),
        ([0x80, 0x02], Pickle),
        ([0x80, 0x03], Pickle),
        ([0x80, 0x04], Pickle),
        ([0x80, 0x05], Pickle),
        ([.. "version https://git-lfs"u8], (_, _) => "a pointer of Git LFS, which stands for the file itself; 'git lfs pull', in the repository that it is from, fetches the file."),
        ([0x89, .. "HDF"u8], (_, _) => "an HDF5 file, as Keras writes them; a safetensors file is wanted."),
        ([.. "<!"u8], Page),
        ([.. "<html"u8], Page),
    ];

    /// <summary>What the file is and what to do, in words that follow its name; null if it is none of the kinds known, or may be a safetensors file.</summary>
    /// <exception cref="DataException">It cannot be read.</exception>
    public static string? Describe(string path)
    {
        byte[] start = InputFile.Access(path, () => Start(path));
        return start.Length > sizeof(ulong) && start[sizeof(ulong)] == '{'
            ? null // the length of a header before it may be what other files begin with
            : IsOnnx(start) ? "an ONNX file, which is for other programs; a safetensors file is wanted, which export writes unless another format is asked for."
            : s_kinds.FirstOrDefault(kind => start.AsSpan().StartsWith(kind.Start)).Says?.Invoke(path, start);
    }

    /// <summary>An ONNX file begins with the number of the format's version (field 1), followed by a field with a length: the producer, the opsets or the graph, for example.</summary>
    private static bool IsOnnx(byte[] start) => start is [0x08, >= 1 and <= 30, 0x12 or 0x1A or 0x22 or 0x32 or 0x3A or 0x42, ..];

    private static byte[] Start(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        byte[] start = new byte[BytesRead];
        return start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
    }

    private static string Zip(string path, byte[] start) =>
        start.AsSpan().IndexOf("data.pkl"u8) >= 0 ? Saved(path, "a file of torch.save (PyTorch)") : "a ZIP archive; a safetensors file is wanted.";

    private static string Pickle(string path, byte[] start) => Saved(path, "a pickle, as torch.save of older versions of PyTorch writes it");

    /// <summary>The two lines of Python, as one, since a message is a line.</summary>
    private static string Saved(string path, string what)
    {
        string from = path.Replace(Path.DirectorySeparatorChar, '/').Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal), to = Path.ChangeExtension(from, ".safetensors");
        return $"{what}; a safetensors file is wanted. Python converts it: "
            + $"import torch, safetensors.torch; w = torch.load(\"{from}\", map_location=\"cpu\"); "
            + $"safetensors.torch.save_file({{k: v.clone() for k, v in w.get(\"state_dict\", w).items() if torch.is_tensor(v)}}, \"{to}\")";
    }

    private static string Page(string path, byte[] start) => "a web page, which was stored in place of the file; a safetensors file is wanted.";
}
