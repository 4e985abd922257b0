using System.Numerics;
using System.Security.Cryptography;
using ErLoss.Training.Data;

namespace ErTraining.Tests.Data;

internal sealed class SyntheticImagesTests
{
    [Test]
    public void The_bytes_are_the_same_everywhere()
    {
        var images = SyntheticImages.Create(100, 1, seed: 42).Train;

        Assert.That(
            Convert.ToHexStringLower(SHA256.HashData([.. images.Pixels, .. images.Labels.Select(label => (byte)label)])),
            Is.EqualTo("53a6f81c413eccadab60fdb486b387234f47c7132fdfabeb79e8d1df59c4d74a"));
    }

    [Test]
    public void An_image_does_not_depend_on_the_counts()
    {
        var few = SyntheticImages.Create(13, 7, seed: 3);
        var many = SyntheticImages.Create(40, 30, seed: 3);

        Assert.Multiple(() =>
        {
            Assert.That(many.Train.Take(13).Pixels, Is.EqualTo(few.Train.Pixels));
            Assert.That(many.Train.Take(13).Labels, Is.EqualTo(few.Train.Labels));
            Assert.That(many.Test.Take(7).Pixels, Is.EqualTo(few.Test.Pixels));
            Assert.That(many.Test.Take(7).Labels, Is.EqualTo(few.Test.Labels));
        });
    }

    [Test]
    public void Every_ten_images_are_one_of_each_class_in_an_order_of_their_own()
    {
        var blocks = SyntheticImages.Create(200, 1, seed: 0).Train.Labels.Chunk(10).ToArray();

        Assert.Multiple(() =>
        {
            Assert.That(blocks, Has.All.EquivalentTo(Enumerable.Range(0, 10)));
            Assert.That(blocks.Select(block => string.Join(' ', block)), Is.Unique);
        });
    }

    [Test]
    public void Seeds_and_splits_differ()
    {
        var one = SyntheticImages.Create(50, 50, seed: 1);
        var two = SyntheticImages.Create(50, 50, seed: 2);
        var negative = SyntheticImages.Create(50, 50, seed: -1);
        ImageSet[] sets = [one.Train, one.Test, two.Train, two.Test, negative.Train, negative.Test];

        Assert.That(sets.SelectMany(set => set.Pixels.Chunk(CifarFormat.ImageBytes)).Select(image => Convert.ToHexString(SHA256.HashData(image))), Is.Unique);
        Assert.That(one.Train.Labels, Is.Not.EqualTo(one.Test.Labels).And.Not.EqualTo(two.Train.Labels));
    }

    [Test]
    public void Raw_pixels_hardly_tell_the_class()
    {
        var data = SyntheticImages.Create(1000, 200, seed: 0);
        float[][] train = UnitVectors(data.Train), test = UnitVectors(data.Test);

        var correct = Enumerable.Range(0, test.Length).Count(i => data.Test.Labels[i] == train
            .Select((other, j) => (Cosine: Dot(test[i], other), Label: data.Train.Labels[j]))
            .OrderByDescending(neighbour => neighbour.Cosine)
            .Take(100)
            .GroupBy(neighbour => neighbour.Label, neighbour => MathF.Exp(neighbour.Cosine / 0.1f))
            .MaxBy(votes => votes.Sum())!.Key);

        Assert.That(correct / 200.0, Is.LessThan(0.25));
    }

    [Test]
    public void Every_class_has_a_name_of_its_own() =>
        Assert.That(SyntheticImages.Create(1, 1, seed: 0).Test.ClassNames, Has.Count.EqualTo(10).And.Unique.And.All.Match("^[a-z]+$"));

    [TestCase(50, "")]
    [TestCase(9, ". Warning: there is no test image of ?, so that the accuracies say nothing about that class.")]
    [TestCase(3, ". Warning: there is no test image of ?, ?, ?, ?, ? and 2 more, so that the accuracies say nothing about these classes.")]
    public void A_line_says_what_there_is_and_which_classes_have_no_test_image(int test, string warning)
    {
        ImageData data = SyntheticImages.Create(1200, test, seed: 0);
        var untested = new Queue<string>(data.Test.ClassNames.Where((_, label) => !data.Test.Labels.Contains(label)));
        string expected = string.Concat(warning.Select(letter => letter == '?' ? untested.Dequeue() : $"{letter}"));
        Assert.That(data.Summary, Is.EqualTo($"synthetic: 1,200 training and {test} test images of 32x32 pixels, 10 classes{expected}"));
    }

    [TestCase(0, 1)]
    [TestCase(1, 0)]
    [TestCase(-5, 1)]
    [TestCase(int.MaxValue, 1)]
    public void Counts_out_of_range_are_refused(int train, int test) =>
        Assert.That(() => SyntheticImages.Create(train, test, seed: 0), Throws.TypeOf<ArgumentOutOfRangeException>());

    private static float[][] UnitVectors(ImageSet images) =>
        [.. images.Pixels.Chunk(CifarFormat.ImageBytes).Select(image =>
        {
            float[] values = [.. image.Select(level => (float)level)];
            var length = MathF.Sqrt(Dot(values, values));
            return Array.ConvertAll(values, value => value / length);
        })];

    private static float Dot(float[] a, float[] b)
    {
        var sum = Vector<float>.Zero;
        for (var i = 0; i < a.Length; i += Vector<float>.Count)
        {
            sum += new Vector<float>(a, i) * new Vector<float>(b, i);
        }

        return Vector.Sum(sum);
    }
}
