using TorchSharp;

namespace ErLoss.Modules;

/// <summary>The size of the tiles in which the kernels of rows against other rows are computed.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
internal readonly record struct TileShape(int Height, int Width)
{
    /// <summary>The size that suits a device: on a CPU a tile stays in a core's own cache between the passes over it; a GPU wants few, large kernels.</summary>
    /// <param name="device">Where the kernels are computed.</param>
    /// <param name="n">How many rows there are.</param>
    /// <param name="m">How many others.</param>
    public static TileShape Of(DeviceType device, int n, int m)
    {
        (int area, int most) = device == DeviceType.CPU ? (1 << 17, 256) : (1 << 24, 2048);
        int height = Math.Min(n, most);
        return new TileShape(height, Math.Min(m, area / height));
    }
}
