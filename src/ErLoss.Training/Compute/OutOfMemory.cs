using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace ErLoss.Training.Compute;

/// <summary>Memory that a device has not: how torch and .NET say so, and how to say it to a user.</summary>
internal static partial class OutOfMemory
{
    private const double Mebibyte = 1L << 20, Gibibyte = 1L << 30;

    /// <summary>What torch, cuBLAS, cuDNN and C++ say of it, each on the first line of a message whose others are stack frames.</summary>
    private static readonly string[] s_phrases =
        ["out of memory", "can't allocate memory", "not enough memory", "bad_alloc", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED"];

    /// <summary>Whether that is what became of an exception.</summary>
    public static bool Is(Exception exception) =>
        exception is OutOfMemoryException
        || (exception is ExternalException && s_phrases.Any(phrase => FirstLine(exception).Contains(phrase, StringComparison.OrdinalIgnoreCase)));

    /// <summary>Runs a command; where a device's memory does not suffice, a line says so in place of torch's many.</summary>
    /// <param name="command">The command.</param>
    /// <param name="remedy">What wants less, a clause: "a smaller --batch-size needs less memory".</param>
    /// <exception cref="InsufficientMemoryException">The memory does not suffice; the message is a line.</exception>
    public static int InOneLine(Func<int> command, string remedy)
    {
        try
        {
            return command();
        }
        catch (Exception e) when (Is(e) && Line(e) is { } line) // what is free is read before anything is given back
        {
            throw new InsufficientMemoryException($"{line}; {remedy}.", e);
        }
    }

    /// <summary>
    /// A line on an exception that a lack of memory explains, however it came about: where hardly any is left, libraries do not load, threads do not start and files cannot be mapped, each
    /// with an error of its own. Null of all others.
    /// </summary>
    public static string? Starved(Exception exception)
    {
        try
        {
            return Starved(exception, HostMemory.Free());
        }
        catch (Exception e) when (e is OutOfMemoryException or IOException or UnauthorizedAccessException or TypeInitializationException)
        {
            return "out of memory"; // what is left does not suffice to look
        }
    }

    /// <summary>As <see cref="Starved(Exception)"/>.</summary>
    /// <param name="exception">What happened.</param>
    /// <param name="free">Bytes that are free, if that is known.</param>
    internal static string? Starved(Exception exception, long? free)
    {
        const long HardlyAny = 256L << 20;
        bool canBe = exception is TypeInitializationException or ExternalException or IOException or OutOfMemoryException or BadImageFormatException or TypeLoadException
            && exception is not InsufficientMemoryException; // which is such a line already
        return canBe && free is < HardlyAny and var bytes
            ? $"out of memory: {Size(bytes)} are free for this process (ulimit -v shows its limit of address space, of which libtorch needs about 4 GiB); {FirstLine(exception.GetBaseException())}"
            : null;
    }

    private static string Line(Exception exception)
    {
        try
        {
            return Describe(exception, HostMemory.Free());
        }
        catch (Exception e) when (e is OutOfMemoryException or IOException or UnauthorizedAccessException or TypeInitializationException)
        {
            return "out of memory"; // what is left does not suffice to look
        }
    }

    /// <summary>"out of memory: 2.00 GiB were asked for on GPU 0, which has 1.31 GiB free of 79.11 GiB", as far as the exception tells.</summary>
    /// <param name="exception">One that <see cref="Is"/> it.</param>
    /// <param name="freeOnHost">Bytes free for CPU tensors, if that is known.</param>
    internal static string Describe(Exception exception, long? freeOnHost)
    {
        string message = FirstLine(exception);
        if (ByCpu().Match(message) is { Success: true } cpu)
        {
            string free = freeOnHost is { } bytes ? $", and {Size(bytes)} are free" : "";
            return $"out of memory: {Size(double.Parse(cpu.Groups[1].Value, CultureInfo.InvariantCulture))} were asked for{free}";
        }
        if (ByCuda().Match(message) is { Success: true } cuda)
        {
            string gpu = Index().Match(message) is { Success: true } index ? $"GPU {index.Groups[1].Value}" : "the GPU";
            string of = Total().Match(message) is { Success: true } total ? $" of {total.Groups[1].Value}" : "";
            string free = FreeOnGpu().Match(message) is { Success: true } left ? $", which has {left.Groups[1].Value} free{of}" : "";
            return $"out of memory: {cuda.Groups[1].Value} were asked for on {gpu}{free}";
        }
        return message.Contains("CU", StringComparison.Ordinal) ? "out of memory on the GPU" : "out of memory";
    }

    private static string Size(double bytes) => bytes < Gibibyte ? $"{bytes / Mebibyte:f2} MiB" : $"{bytes / Gibibyte:f2} GiB";

    private static string FirstLine(Exception exception) => exception.Message.Split('\n', 2)[0];

    [GeneratedRegex(@"you tried to allocate (\d+) bytes")]
    private static partial Regex ByCpu();

    [GeneratedRegex(@"Tried to allocate ([\d.]+ \w+)")]
    private static partial Regex ByCuda();

    [GeneratedRegex(@"GPU (\d+)")]
    private static partial Regex Index();

    [GeneratedRegex(@"total capacity of ([\d.]+ \w+)")]
    private static partial Regex Total();

    [GeneratedRegex(@"of which ([\d.]+ \w+) is free")]
    private static partial Regex FreeOnGpu();
}
