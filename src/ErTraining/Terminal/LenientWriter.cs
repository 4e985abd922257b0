using System.Text;

namespace ErTraining.Terminal;

/// <summary>Standard output or error that may go away: what cannot be written to it any more is dropped, and the program goes on.</summary>
/// <remarks>A run must not end because its terminal was closed, or because the disk of its log is full.</remarks>
/// <param name="inner">Where it goes; null if it was gone before the program started.</param>
internal sealed class LenientWriter(TextWriter? inner) : TextWriter
{
    /// <summary>Why the first text that was dropped could not be written; null if all was written.</summary>
    public Exception? Failure { get; private set; }

    /// <inheritdoc/>
    public override Encoding Encoding => inner?.Encoding ?? Encoding.UTF8;

    /// <inheritdoc/>
    public override void Write(char value) => Try(inner => inner.Write(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Try(inner => inner.Write(buffer, index, count));

    /// <inheritdoc/>
    public override void Write(string? value) => Try(inner => inner.Write(value));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Try(inner => inner.WriteLine(value));

    /// <inheritdoc/>
    public override void Flush()
    {
        if (inner is not null)
        {
            Try(inner => inner.Flush());
        }
    }

    private void Try(Action<TextWriter> write)
    {
        if (Failure is not null)
        {
            return;
        }
        try
        {
            write(inner ?? throw new IOException("it is closed"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Failure = e;
        }
    }
}
