using System.Runtime.CompilerServices;

namespace ErLoss.Training.Data;

/// <summary>Value noise on the plane: a random height at every integer point, smoothly interpolated.</summary>
/// <param name="Key">Selects the landscape.</param>
internal readonly record struct SmoothNoise(uint Key)
{
    /// <summary>The height at (<paramref name="x"/>, <paramref name="y"/>), in [−1, 1]; it varies over a distance of about 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float At(float x, float y)
    {
        var (column, row) = (MathF.Floor(x), MathF.Floor(y));
        var (right, down) = (Ease(x - column), Ease(y - row));
        var (i, j) = ((int)column, (int)row);
        var top = Height(i, j) + (Height(i + 1, j) - Height(i, j)) * right;
        var bottom = Height(i, j + 1) + (Height(i + 1, j + 1) - Height(i, j + 1)) * right;
        return top + (bottom - top) * down;
    }

    private float Height(int i, int j)
    {
        var hash = (Key ^ ((uint)i * 0x9E3779B1u) ^ ((uint)j * 0x85EBCA77u)) * 0x2C1B3C6Du;
        hash = (hash ^ (hash >> 15)) * 0x297A2D39u;
        return ((hash ^ (hash >> 15)) >> 8) * (2f / (1 << 24)) - 1;
    }

    private static float Ease(float t) => t * t * (3 - 2 * t);
}
