namespace ErLoss.SelfSupervised.Encoders;

/// <summary>
/// What new pixels cover of old ones along an axis, in units of 1/size of a pixel of the file: new pixel i covers [start·size + i·side, start·size + (i + 1)·side), old pixel j
/// covers [j·divisor·size, (j + 1)·divisor·size).
/// </summary>
/// <param name="Start">Where the first new pixel begins, in pixels of the file.</param>
/// <param name="Side">How many pixels of the file the new ones cover.</param>
/// <param name="Size">How many new pixels there are.</param>
/// <param name="Divisor">How many pixels of the file an old pixel stands for.</param>
internal readonly record struct AreaAxis(int Start, int Side, int Size, int Divisor)
{
    /// <summary>What is covered of an old pixel that is covered wholly.</summary>
    public int Whole => Divisor * Size;

    /// <summary>The first old pixel that new pixel i covers a part of.</summary>
    public int First(int i) => (int)(Edge(i) / Whole);

    /// <summary>The old pixel after the last such one.</summary>
    public int End(int i) => (int)((Edge(i + 1) + Whole - 1) / Whole);

    /// <summary>What new pixel i covers of old pixel j, one that it covers a part of.</summary>
    public int Overlap(int i, int j) => (int)(Math.Min(Edge(i + 1), (j + 1L) * Whole) - Math.Max(Edge(i), (long)j * Whole));

    private long Edge(int i) => ((long)Start * Size) + ((long)i * Side);
}
