namespace ErLoss.Training.Randomness;

/// <summary>
/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014): a few bytes of state,
/// the same numbers on every platform, and a stream of its own for every (seed, purpose, index).
/// </summary>
/// <param name="seed">The user's seed.</param>
/// <param name="purpose">What the numbers are for; streams of different purposes are independent.</param>
/// <param name="index">Which one of that purpose, for example the epoch, the step or the image.</param>
internal struct RandomStream(int seed, RandomPurpose purpose, long index)
{
    private const ulong Increment = 0x9E3779B97F4A7C15; // 2⁶⁴ divided by the golden ratio, made odd

    // Each part is added to a scattered number and scattered in turn, so that streams of one seed and purpose never share a state.
    private ulong _state = Mix(Mix(Mix((uint)seed + Increment) + (ulong)purpose) + (ulong)index);

    /// <summary>The seed that this stream gives to a generator of another make, such as libtorch's.</summary>
    public static long Seed(int seed, RandomPurpose purpose, long index) => new RandomStream(seed, purpose, index).NextBits();

    /// <summary>The next 32 random bits.</summary>
    public uint NextBits() => (uint)(Mix(_state += Increment) >> 32);

    /// <summary>Uniform on [0, 1), a multiple of 2⁻²⁴.</summary>
    public float NextUnit() => (NextBits() >> 8) * (1f / (1 << 24));

    /// <summary>Uniform on [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public float Next(float low, float high) => low + (high - low) * NextUnit();

    /// <summary>Uniform on 0..<paramref name="count"/> − 1.</summary>
    public int Next(int count) => (int)(((ulong)NextBits() * (uint)count) >> 32);

    /// <summary>The numbers 0..<paramref name="count"/> − 1 in random order, by Fisher and Yates.</summary>
    public long[] Permutation(int count)
    {
        var order = new long[count];
        for (int i = 0; i < count; i++)
        {
            order[i] = i;
        }
        for (int i = count - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }

    /// <summary>A bijection of 64-bit numbers that scatters neighbours.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
