using ErLoss.Training.Data;

namespace ErTraining.Tests.Data;

internal sealed class ImageDataTests
{
    private const int None = ImageSet.NoLabel;

    private static readonly string[] s_names = ["cat", "dog", "eel"];

    [TestCase(new[] { 0, 1, 2, 0 }, new[] { 2, 1 }, null, "photos: 4 training and 2 test images of 32x32 pixels, 3 classes. Warning: there is no test image of cat, so that the accuracies say nothing about that class.")]
    [TestCase(new[] { 0, None, 1, 2 }, new[] { 0, 1, 2 }, null, "photos: 4 training and 3 test images of 32x32 pixels, of which 3 and 3 have labels; 3 classes")]
    [TestCase(new[] { None, None }, new[] { None }, "the images have no labels", "photos: 2 training and 1 test images of 32x32 pixels without labels, so that no accuracy is measured")]
    [TestCase(new[] { None, None }, new[] { 1 }, "no training image has a label", "photos: 2 training and 1 test images of 32x32 pixels, of which 0 and 1 have labels. No accuracy is measured, since no training image has a label")]
    [TestCase(new[] { 0, 1, None }, new[] { None }, "no test image has a label", "photos: 3 training and 1 test images of 32x32 pixels, of which 2 and 0 have labels. No accuracy is measured, since no test image has a label")]
    [TestCase(new[] { 1, None, 1 }, new[] { 0 }, "all labelled training images (2) are of one class", "photos: 3 training and 1 test images of 32x32 pixels, of which 2 and 1 have labels. No accuracy is measured, since all labelled training images (2) are of one class")]
    [TestCase(new[] { 1, 1 }, new[] { 1 }, "all training images (2) are of one class", "photos: 2 training and 1 test images of 32x32 pixels. No accuracy is measured, since all training images (2) are of one class")]
    public void A_line_says_how_many_images_have_labels_and_why_no_accuracy_is_measured(int[] train, int[] test, string? why, string summary)
    {
        var data = new ImageData("photos", Set(train), Set(test));
        Assert.Multiple(() =>
        {
            Assert.That(data.WhyNoAccuracy, Is.EqualTo(why));
            Assert.That(data.Summary, Is.EqualTo(summary));
        });
    }

    [Test]
    public void Sets_with_all_labels_or_none_keep_their_fingerprints_and_labels_of_a_part_change_it()
    {
        ImageSet all = Set([0, 1]), none = new(new byte[2 * 3072]), part = Set([0, None]);
        Assert.Multiple(() =>
        {
            // as versions before labels of a part gave them; resumed runs know their images by these
            Assert.That(new ImageData("a", all, all).Fingerprint(), Is.EqualTo("8efab5c0283732b3b0b6c21f35ef8efa"));
            Assert.That(new ImageData("a", none, none).Fingerprint(), Is.EqualTo("76f24fbe147f24ff9cef6e076da647ec"));
            Assert.That(new ImageData("a", Set([None, None]), none).Fingerprint(), Is.EqualTo("76f24fbe147f24ff9cef6e076da647ec"));
            Assert.That(new ImageData("a", part, all).Fingerprint(), Is.Not.EqualTo(new ImageData("a", all, all).Fingerprint()));
        });
    }

    private static ImageSet Set(int[] labels) => new(new byte[labels.Length * 3072], labels, s_names);
}
