using ErLoss.Training.Randomness;

namespace ErLoss.Training.Data;

/// <summary>
/// A data set made from a seed alone, in CIFAR's form: ten classes, told apart by what an object is covered with and by nothing else.
/// Colours, place, size, outline, rotation, background, clutter, light and noise are drawn without regard to the class, so pixels alone say little.
/// </summary>
internal static class SyntheticImages
{
    /// <summary>The ten classes, by label: the patterns' names in lower case.</summary>
    public static IReadOnlyList<string> ClassNames { get; } = [.. Enum.GetNames<SyntheticPattern>().Select(name => name.ToLowerInvariant())];

    /// <summary>Makes the set, the same bytes on every platform.</summary>
    /// <param name="trainCount">Training images, from 1 to <see cref="ImageSet.MaxCountAt"/> the size.</param>
    /// <param name="testCount">Test images, from 1 to <see cref="ImageSet.MaxCountAt"/> the size.</param>
    /// <param name="seed">Any number. An image depends on it, its split and its index, not on the counts.</param>
    /// <param name="size">Height and width of the images. Another size shows the same scenes with more or fewer pixels, each of which has a grain of its own.</param>
    /// <param name="loading">Told of each image; ends the making where that is cancelled.</param>
    /// <returns>Two splits, each with the ten classes in random order, every ten images one of each.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A count is out of range.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ImageData Create(int trainCount, int testCount, int seed, int size = ImageSet.DefaultSize, LoadingProgress? loading = null)
    {
        CheckCount(trainCount, size, nameof(trainCount));
        CheckCount(testCount, size, nameof(testCount));
        loading?.Expect((long)trainCount + testCount);
        return new ImageData(
            "synthetic",
            Split(trainCount, seed, RandomPurpose.TrainingLabels, RandomPurpose.TrainingPixels, size, loading),
            Split(testCount, seed, RandomPurpose.TestLabels, RandomPurpose.TestPixels, size, loading));
    }

    private static void CheckCount(int count, int size, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, ImageSet.MaxCountAt(size), name);
    }

    private static ImageSet Split(int count, int seed, RandomPurpose forLabels, RandomPurpose forPixels, int size, LoadingProgress? loading)
    {
        int imageBytes = ImageSet.BytesAt(size);
        var labels = Labels(count, seed, forLabels);
        var pixels = new byte[count * imageBytes];
        var options = new ParallelOptions { CancellationToken = loading?.Cancellation ?? CancellationToken.None };
        Parallel.For(0, count, options, index =>
        {
            var random = new RandomStream(seed, forPixels, index);
            var image = pixels.AsSpan(index * imageBytes, imageBytes);
            new SyntheticScene((SyntheticPattern)labels[index], size, ref random).Render(ref random, image);
            loading?.Count();
        });
        return new ImageSet(pixels, labels, ClassNames, size);
    }

    /// <summary>Every ten labels are a permutation with its own stream.</summary>
    private static int[] Labels(int count, int seed, RandomPurpose purpose)
    {
        var labels = new int[count];
        Span<int> block = stackalloc int[ClassNames.Count];
        for (var start = 0; start < count; start += block.Length)
        {
            var random = new RandomStream(seed, purpose, start);
            for (var i = 0; i < block.Length; i++)
            {
                var j = random.Next(i + 1);
                block[i] = block[j];
                block[j] = i;
            }

            block[..Math.Min(block.Length, count - start)].CopyTo(labels.AsSpan(start));
        }

        return labels;
    }
}
