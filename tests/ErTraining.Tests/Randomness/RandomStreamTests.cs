using ErLoss.Training.Randomness;

namespace ErTraining.Tests.Randomness;

internal sealed class RandomStreamTests
{
    [Test]
    public void No_two_purposes_indices_or_seeds_share_their_numbers()
    {
        int[] seeds = [0, 1, 2, -1, int.MinValue, int.MaxValue];
        long[] indices = [.. Enumerable.Range(0, 1000), -1, 1L << 32, (1L << 32) + 1];
        RandomPurpose[] purposes = Enum.GetValues<RandomPurpose>();
        var firstNumbers = new HashSet<(uint, uint)>();
        foreach (int seed in seeds)
        {
            foreach (RandomPurpose purpose in purposes)
            {
                foreach (long index in indices)
                {
                    var random = new RandomStream(seed, purpose, index);
                    firstNumbers.Add((random.NextBits(), random.NextBits()));
                }
            }
        }
        Assert.That(firstNumbers, Has.Count.EqualTo(seeds.Length * purposes.Length * indices.Length));
    }

    [Test]
    public void Every_purpose_has_a_number_of_its_own() => Assert.That(Enum.GetValues<RandomPurpose>().Select(purpose => (int)purpose), Is.Unique);

    [Test]
    public void Numbers_are_spread_evenly_within_a_stream_and_across_streams([Values] bool across)
    {
        const int Draws = 40_000, Bins = 20;
        var counts = new int[Bins];
        var random = new RandomStream(7, RandomPurpose.Order, 0);
        for (int i = 0; i < Draws; i++)
        {
            if (across)
            {
                random = new RandomStream(7, RandomPurpose.Order, i);
            }
            counts[random.Next(Bins)]++;
        }
        double expected = (double)Draws / Bins;
        double chiSquare = counts.Sum(count => (count - expected) * (count - expected) / expected);
        Assert.That(chiSquare, Is.InRange(5.0, 45.0), "chi square with 19 degrees of freedom: 99.9 % of random draws lie within");
    }

    [Test]
    public void A_permutation_has_every_number_once_in_another_order()
    {
        long[] order = new RandomStream(0, RandomPurpose.Order, 1).Permutation(100);
        Assert.That(order, Is.EquivalentTo(Enumerable.Range(0, 100)).And.Not.Ordered);
    }
}
