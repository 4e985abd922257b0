using System.Runtime.CompilerServices;

namespace ErLoss.Training.Data;

/// <summary>
/// The ten classes of <see cref="SyntheticImages"/>: what the object in the picture is covered with. None turns into another when mirrored.
/// </summary>
internal enum SyntheticPattern
{
    /// <summary>Horizontal stripes.</summary>
    Rows,

    /// <summary>Vertical stripes.</summary>
    Columns,

    /// <summary>A chessboard.</summary>
    Checks,

    /// <summary>Round dots on a square grid.</summary>
    Dots,

    /// <summary>Concentric circles.</summary>
    Rings,

    /// <summary>Ten sectors around a point.</summary>
    Rays,

    /// <summary>Stripes that go up and down.</summary>
    Zigzags,

    /// <summary>Upright crosses on a square grid.</summary>
    Crosses,

    /// <summary>A tiling by equilateral triangles.</summary>
    Triangles,

    /// <summary>Irregular patches.</summary>
    Blotches,
}

/// <summary>
/// A pattern laid out on the plane, lengths in pixels. Built from +, −, ×, ÷, √ and floor alone, which IEEE 754 defines to the last bit:
/// a sine may differ from platform to platform.
/// </summary>
/// <param name="Pattern">Which one.</param>
/// <param name="Period">Width of one light and one dark stripe; the other patterns are as coarse to the eye.</param>
/// <param name="ShiftX">Where the pattern starts, from left to right.</param>
/// <param name="ShiftY">Where the pattern starts, from top to bottom.</param>
/// <param name="Noise">The landscape that shapes the blotches.</param>
internal readonly record struct PatternLayout(SyntheticPattern Pattern, float Period, float ShiftX, float ShiftY, SmoothNoise Noise)
{
    private const float HalfRoot3 = 0.8660254f;

    /// <summary>The distance from (<paramref name="x"/>, <paramref name="y"/>) to the nearest edge, in pixels: positive where there is ink.</summary>
    /// <remarks>Rings and rays have their centre at the origin; all others are shifted.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float Distance(float x, float y)
    {
        var (u, v) = (x + ShiftX, y + ShiftY);
        return Pattern switch
        {
            SyntheticPattern.Rows => Stripes(v, Period),
            SyntheticPattern.Columns => Stripes(u, Period),
            SyntheticPattern.Checks => Alternate(Stripes(u, 1.4f * Period), Stripes(v, 1.4f * Period)),
            SyntheticPattern.Dots => Dots(Centred(u, Period), Centred(v, Period)),
            SyntheticPattern.Rings => Stripes(MathF.Sqrt(x * x + y * y) + ShiftX, Period),
            SyntheticPattern.Rays => Rays(x, y),
            SyntheticPattern.Zigzags => 0.7071068f * Stripes(v + MathF.Abs(Centred(u, 2 * Period)), 1.2f * Period),
            SyntheticPattern.Crosses => Cross(MathF.Abs(Centred(u, 1.5f * Period)), MathF.Abs(Centred(v, 1.5f * Period))),
            SyntheticPattern.Triangles => Triangles(u, v),
            SyntheticPattern.Blotches => Blotches(u / Period, v / Period),
            _ => throw new InvalidOperationException($"No such pattern: {Pattern}."),
        };
    }

    private float Dots(float u, float v) => 0.31f * Period - MathF.Sqrt(u * u + v * v);

    private float Cross(float u, float v)
    {
        var (length, width) = (0.55f * Period, 0.2f * Period);
        return MathF.Max(MathF.Min(length - u, width - v), MathF.Min(width - u, length - v));
    }

    private float Triangles(float u, float v)
    {
        var height = 0.9f * Period;
        var a = Stripes(v + height / 2, 2 * height);
        var b = Stripes(HalfRoot3 * u - v / 2 + height / 2, 2 * height);
        var c = Stripes(-HalfRoot3 * u - v / 2 + height / 2, 2 * height);
        return Alternate(a, Alternate(b, c));
    }

    /// <summary>Two landscapes, one turned by 45°, so that the grid of neither shows.</summary>
    private float Blotches(float u, float v) => Period / 2 * (Noise.At(1.6f * u, 1.6f * v) + Noise.At(1.2f * (u + v), 1.2f * (u - v)));

    /// <summary>Five lines through the origin, 36° apart.</summary>
    private static float Rays(float x, float y)
    {
        var distance = y;
        for (var line = 1; line < 5; line++)
        {
            (x, y) = (0.80901699f * x - 0.58778525f * y, 0.58778525f * x + 0.80901699f * y);
            distance = Alternate(distance, y);
        }

        return distance;
    }

    private static float Stripes(float position, float period) => MathF.Abs(Centred(position, period)) - period / 4;

    /// <summary>The position within its cell, −period/2..period/2.</summary>
    private static float Centred(float position, float period) => position - period * MathF.Floor(position / period + 0.5f);

    /// <summary>Ink where the signs agree.</summary>
    private static float Alternate(float a, float b) => MathF.CopySign(MathF.Min(MathF.Abs(a), MathF.Abs(b)), a * b);
}
