using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>A rectangle of the k×k matrix of pairs: rows [Top, Bottom), columns [Left, Right), on or above the diagonal.</summary>
/// <remarks>
/// The first tile of a band of rows starts on the diagonal (Left = Top) with a square that holds its own mirror image. The columns from
/// <see cref="MirrorLeft"/> on stand for their mirror images below the diagonal as well.
/// </remarks>
internal readonly record struct PairTile(int Top, int Bottom, int Left, int Right)
{
    public int Height => Bottom - Top;

    public int Width => Right - Left;

    public int Size => Height * Width;

    public bool OnDiagonal => Left == Top;

    public int MirrorLeft => Math.Max(Left, Bottom);

    /// <summary>Tiles that cover all pairs of rows of (k, d) on and above the diagonal, band by band.</summary>
    public static IReadOnlyList<PairTile> UpperHalf(Tensor rows)
    {
        int k = (int)rows.shape[0];
        (int height, int width) = Shape(rows);
        var tiles = new List<PairTile>();
        for (int top = 0; top < k; top += height)
        {
            for (int left = top; left < k; left += width)
            {
                tiles.Add(new PairTile(top, Math.Min(top + height, k), left, Math.Min(left + width, k)));
            }
        }
        return tiles;
    }

    /// <summary>Height and width of a full tile for (k, d) on its device.</summary>
    /// <remarks>
    /// Low bands waste little on the lower halves of their diagonal squares and stay in a CPU's last-level cache between the passes over
    /// them; with more bands the threads meet more often. 128 to 256 rows measured best. A GPU wants few, large kernels.
    /// </remarks>
    public static (int Height, int Width) Shape(Tensor rows) =>
        rows.device_type == DeviceType.CPU ? ((int)Math.Clamp(rows.shape[0] / 32, 128, 256), 8192) : (2048, 8192);
}
