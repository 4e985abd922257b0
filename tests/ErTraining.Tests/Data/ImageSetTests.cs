using ErLoss.Training.Data;

namespace ErTraining.Tests.Data;

internal sealed class ImageSetTests
{
    private static readonly string[] s_names = ["cat", "dog"];

    [Test]
    public void Take_gives_the_first_images()
    {
        var images = SyntheticImages.Create(5, 1, seed: 1).Train;

        var taken = images.Take(2);

        Assert.Multiple(() =>
        {
            Assert.That(taken.Count, Is.EqualTo(2));
            Assert.That(taken.Labels, Is.EqualTo(images.Labels[..2]));
            Assert.That(taken.Pixels, Is.EqualTo(images.Pixels[..6144]));
            Assert.That(images.Take(5), Is.SameAs(images));
        });
    }

    [TestCase(-1)]
    [TestCase(2)]
    public void Take_refuses_what_is_not_there(int count) =>
        Assert.That(() => new ImageSet(new byte[3072], [0], s_names).Take(count), Throws.TypeOf<ArgumentOutOfRangeException>());

    [Test]
    public void Pixels_must_match_the_labels() =>
        Assert.That(() => new ImageSet(new byte[3072], [0, 1], s_names), Throws.ArgumentException.With.Message.Contains("3072 pixel bytes for 2"));

    [TestCase(2)]
    [TestCase(-2)]
    public void Labels_must_have_names(int label) =>
        Assert.That(
            () => new ImageSet(new byte[6144], [0, label], s_names),
            Throws.ArgumentException.With.Message.Contains($"Label {label} of image 1"));

    [Test]
    public void An_image_may_have_no_label()
    {
        var images = new ImageSet(new byte[3 * 3072], [1, ImageSet.NoLabel, 0], s_names);
        Assert.Multiple(() =>
        {
            Assert.That((images.HasLabels, images.LabelledCount, images.Take(2).Scale(16).LabelledCount), Is.EqualTo((true, 2, 1)));
            Assert.That(new[] { 0, 1, 2 }.Select(images.ClassOf), Is.EqualTo(["dog", "", "cat"]));
            Assert.That(new ImageSet(new byte[3072], [ImageSet.NoLabel], s_names).HasLabels, Is.False);
        });
    }
}
