using System.Text;

namespace ErTraining.Terminal;

/// <summary>Standard output or error that may go away: what cannot be written to it any more is dropped, and the program goes on.</summary>
/// <remarks>A run must not end because its terminal was closed, or because the disk of its log is full.</remarks>
/// <param name="inner">Where it goes.</param>
internal sealed class LenientWriter(TextWriter inner) : TextWriter
{
    private bool _isGone;

    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <inheritdoc/>
    public override void Write(char value) => Try(() => inner.Write(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Try(() => inner.Write(buffer, index, count));

    /// <inheritdoc/>
    public override void Write(string? value) => Try(() => inner.Write(value));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Try(() => inner.WriteLine(value));

    /// <inheritdoc/>
    public override void Flush() => Try(inner.Flush);

    private void Try(Action write)
    {
        if (_isGone)
        {
            return;
        }
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _isGone = true;
        }
    }
}
