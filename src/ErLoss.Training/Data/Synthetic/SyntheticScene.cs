using System.Numerics;
using System.Runtime.CompilerServices;
using ErLoss.Training.Randomness;

namespace ErLoss.Training.Data;

/// <summary>
/// One synthetic picture: a patterned object before a shaded, cluttered background. Everything but the pattern is nuisance, drawn from the same
/// distributions for every class. Lengths are pixels of a picture of 32×32, whatever its size; colours (red, green, blue) in 0..1.
/// </summary>
internal sealed class SyntheticScene
{
    private const float LeastContrast = 0.35f, Tint = 0.4f;

    /// <summary>Height and width of the scene, in its own unit of length.</summary>
    private const int Side = 32;

    private readonly int _size;
    private readonly PatternLayout _pattern;
    private readonly Outline _outline;
    private readonly Vector2 _patternAxis, _patternCentre;
    private readonly Vector3 _paper, _ink, _ground, _groundShade;
    private readonly SmoothNoise _groundNoise, _light;
    private readonly float _groundScale, _contrast, _brightness, _grain, _sharpness;
    private readonly (Outline Outline, Vector3 Colour)[] _clutter;
    private readonly int _behind;

    /// <summary>Draws the picture's circumstances.</summary>
    /// <param name="pattern">The class.</param>
    /// <param name="size">Height and width of the picture, in pixels.</param>
    /// <param name="random">The picture's stream.</param>
    public SyntheticScene(SyntheticPattern pattern, int size, ref RandomStream random)
    {
        _size = size;
        float sharpness = _sharpness = (float)size / Side;
        var radius = Side * random.Next(0.225f, 0.45f);
        var reach = Side / 2f - 0.85f * radius;
        var centre = new Vector2(Side / 2f + random.Next(-reach, reach), Side / 2f + random.Next(-reach, reach));
        var aspect = random.Next(0.75f, 1);
        var halves = random.Next(2) == 0 ? new Vector2(radius, radius * aspect) : new Vector2(radius * aspect, radius);
        _outline = new Outline(centre, Axis(random.Next(-1f, 1f)), halves, random.Next(0.15f, 1) * radius * aspect, sharpness);

        var period = random.Next(4.5f, MathF.Max(5.5f, 0.65f * radius));
        _pattern = new PatternLayout(
            pattern, period, random.Next(0, 4 * period), random.Next(0, 4 * period), new SmoothNoise(random.NextBits()));
        _patternAxis = Axis(random.Next(-0.1763f, 0.1763f)); // tan 10°: up to 20° either way
        _patternCentre = centre + new Vector2(random.Next(-0.25f, 0.25f), random.Next(-0.25f, 0.25f)) * radius;

        do
        {
            (_paper, _ink) = (Colour(ref random), Colour(ref random));
        }
        while (MathF.Abs(Luminance(_paper) - Luminance(_ink)) < LeastContrast);

        (_ground, _groundShade) = (Colour(ref random), Colour(ref random));
        _groundNoise = new SmoothNoise(random.NextBits());
        _groundScale = 1 / random.Next(8, 20);
        _light = new SmoothNoise(random.NextBits());
        _contrast = random.Next(0.55f, 1.1f);
        _brightness = random.Next(-0.15f, 0.15f);
        _grain = random.Next(0.02f, 0.1f);

        _clutter = new (Outline, Vector3)[3 + random.Next(4)];
        _behind = _clutter.Length - random.Next(3);
        for (var i = 0; i < _clutter.Length; i++)
        {
            var place = new Vector2(random.Next(0, Side), random.Next(0, Side));
            var extent = i < _behind ? new Vector2(random.Next(1, 7), random.Next(1, 4)) : new Vector2(random.Next(1, 4), random.Next(0.7f, 2));
            _clutter[i] = (new Outline(place, Axis(random.Next(-1f, 1f)), extent, random.Next(0, 1) * MathF.Min(extent.X, extent.Y), sharpness), Colour(ref random));
        }
    }

    /// <summary>Paints the picture.</summary>
    /// <param name="random">The picture's stream; it gives the grain.</param>
    /// <param name="image">(3, size, size), row-major.</param>
    /// <remarks>
    /// The loops over pixels are compiled with all optimisations at once: a process of a second or two would otherwise paint all its pictures with the runtime's
    /// first, quickly made code, which takes 2.6 times as long here.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Render(ref RandomStream random, Span<byte> image)
    {
        int size = _size, plane = size * size;
        float step = (float)Side / size; // exactly one for pictures of 32×32
        for (var pixel = 0; pixel < plane; pixel++)
        {
            var at = new Vector2((pixel % size + 0.5f) * step, (pixel / size + 0.5f) * step);
            var light = 0.5f + _brightness + 0.12f * _light.At(at.X / 14, at.Y / 14);
            var colour = (At(at) - new Vector3(0.5f)) * _contrast + new Vector3(light);
            image[pixel] = Level(colour.X, ref random);
            image[pixel + plane] = Level(colour.Y, ref random);
            image[pixel + 2 * plane] = Level(colour.Z, ref random);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Vector3 At(Vector2 at)
    {
        var colour = Blend(_ground, _groundShade, 0.5f + 0.5f * _groundNoise.At(at.X * _groundScale, at.Y * _groundScale));
        foreach (var (outline, paint) in _clutter.AsSpan(0, _behind))
        {
            colour = Paint(colour, outline, paint, at);
        }

        if (_outline.Cover(at) is > 0 and var cover)
        {
            var place = Turn(at - _patternCentre, _patternAxis);
            colour = Blend(colour, Blend(_paper, _ink, _pattern.Distance(place.X, place.Y) * _sharpness + 0.5f), cover);
        }

        foreach (var (outline, paint) in _clutter.AsSpan(_behind))
        {
            colour = Paint(colour, outline, paint, at);
        }

        return colour;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector3 Paint(Vector3 below, in Outline outline, Vector3 paint, Vector2 at) =>
        outline.Cover(at) is > 0 and var cover ? Blend(below, paint, cover) : below;

    /// <summary>Grain is the sum of two uniform numbers, a triangular distribution.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte Level(float value, ref RandomStream random)
    {
        var bits = random.NextBits();
        var grain = ((bits & 0xFFFF) + (bits >> 16)) * (1f / (1 << 16)) - 1;
        return (byte)(255 * Math.Clamp(value + _grain * grain, 0, 1) + 0.5f);
    }

    /// <summary>Any lightness, not any colour: were colours rich enough to tell pictures apart, an encoder would learn nothing but them.</summary>
    private static Vector3 Colour(ref RandomStream random)
    {
        var tint = new Vector3(random.NextUnit(), random.NextUnit(), random.NextUnit());
        return new Vector3(random.NextUnit()) * (1 - Tint) + tint * Tint;
    }

    private static float Luminance(Vector3 colour) => 0.3f * colour.X + 0.59f * colour.Y + 0.11f * colour.Z;

    /// <summary>Vector3.Lerp would fuse multiply and add where the processor can, and so differ between processors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector3 Blend(Vector3 below, Vector3 above, float cover) => below + (above - below) * Math.Clamp(cover, 0, 1);

    /// <summary>The unit vector at twice the angle whose tangent is given.</summary>
    private static Vector2 Axis(float tangent) =>
        new((1 - tangent * tangent) / (1 + tangent * tangent), 2 * tangent / (1 + tangent * tangent));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector2 Turn(Vector2 point, Vector2 axis) =>
        new(axis.X * point.X + axis.Y * point.Y, axis.X * point.Y - axis.Y * point.X);

    /// <summary>A rounded box: anything from a disk or a pill to a sharp rectangle. Sharpness is the number of pixels in a unit of length.</summary>
    private readonly record struct Outline(Vector2 Centre, Vector2 Axis, Vector2 Halves, float Corner, float Sharpness)
    {
        // Squared. Farther from the centre, a point is half a pixel or more from the edge.
        private readonly float _reach = (Halves.Length() + MathF.Max(1, 1 / Sharpness)) * (Halves.Length() + MathF.Max(1, 1 / Sharpness));

        /// <summary>How much of a pixel the box covers: all of it from 1 on, nothing up to 0. Most pixels are far away, which is seen at once.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Cover(Vector2 at) => (at - Centre).LengthSquared() > _reach ? 0 : Distance(at) * Sharpness + 0.5f;

        /// <summary>The distance to the edge, positive inside.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private float Distance(Vector2 at)
        {
            var point = Turn(at - Centre, Axis);
            var x = MathF.Abs(point.X) - Halves.X + Corner;
            var y = MathF.Abs(point.Y) - Halves.Y + Corner;
            var (outX, outY) = (MathF.Max(x, 0), MathF.Max(y, 0));
            return Corner - MathF.Min(MathF.Max(x, y), 0) - MathF.Sqrt(outX * outX + outY * outY);
        }
    }
}
