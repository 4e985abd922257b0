using System.IO.Hashing;

namespace ErLoss.Training.Data;

/// <summary>Pixels in memory.</summary>
/// <param name="bytes">(count, 3, size, size), row-major; not to be written any more.</param>
/// <param name="imageBytes">Bytes of an image.</param>
internal sealed class PixelArray(byte[] bytes, int imageBytes) : PixelSource(bytes.Length / imageBytes, imageBytes)
{
    /// <summary>The pixels themselves.</summary>
    public byte[] Bytes => bytes;

    /// <inheritdoc/>
    public override void AppendTo(NonCryptographicHashAlgorithm hash, CancellationToken cancellation) => hash.Append(bytes);

    /// <inheritdoc/>
    public override PixelSource Take(int wanted) => new PixelArray(bytes[..(wanted * ImageBytes)], ImageBytes);

    /// <inheritdoc/>
    protected override void Copy(int first, Span<byte> pixels) => bytes.AsSpan(first * ImageBytes, pixels.Length).CopyTo(pixels);
}
