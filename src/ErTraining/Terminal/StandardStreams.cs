using System.Runtime.InteropServices;

namespace ErTraining.Terminal;

/// <summary>Standard output and error as the program was given them.</summary>
internal static class StandardStreams
{
    private const int Output = 1, Error = 2;
    private const int GetFlags = 1, CloseOnExecute = 1; // F_GETFD, FD_CLOEXEC

    private static LenientWriter? s_output;

    /// <summary>Has the program outlive them, and write nothing where they were closed before it started.</summary>
    /// <remarks>
    /// A file or pipe that .NET opens for itself gets the lowest number that is free. Where standard output was closed, what is written to it would therefore go into .NET's own.
    /// </remarks>
    public static void OutliveThem()
    {
        s_output = new LenientWriter(IsClosed(Output) ? null : Console.Out);
        Console.SetOut(s_output);
        Console.SetError(new LenientWriter(IsClosed(Error) ? null : Console.Error));
    }

    /// <summary>Drops what the program prints from now on, its errors included. <see cref="WriteError"/> still writes.</summary>
    public static void Silence()
    {
        Console.SetOut(TextWriter.Null);
        Console.SetError(TextWriter.Null);
        PlainOutput.Use();
    }

    /// <summary>Writes a line to standard error although it was silenced.</summary>
    public static void WriteError(string line)
    {
        using var error = new StreamWriter(Console.OpenStandardError());
        new LenientWriter(error).WriteLine(line);
    }

    /// <summary>Refuses to end well where what was written to standard output did not arrive: for commands that make nothing else. A reader that has read enough is no fault.</summary>
    /// <exception cref="IOException">It did not.</exception>
    public static void RequireOutput()
    {
        if (s_output?.Failure is { } failure)
        {
            throw new IOException($"Standard output cannot be written to ({failure.Message.TrimEnd('.')}); give it a place that can.", failure);
        }
    }

    /// <summary>Whether it is closed, or something else has its number: a file that was inherited is never one that closes when another program starts.</summary>
    private static bool IsClosed(int descriptor) =>
        !OperatingSystem.IsWindows() && Control(descriptor, GetFlags) is var flags && (flags < 0 || (flags & CloseOnExecute) != 0);

    [DllImport("libc", EntryPoint = "fcntl")]
    private static extern int Control(int descriptor, int command);
}
