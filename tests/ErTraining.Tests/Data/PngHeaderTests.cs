using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;

namespace ErTraining.Tests.Data;

internal sealed class PngHeaderTests
{
    [TestCase(1_000_001, 1, 0, 0, "a PNG of 1000001x1 pixels, of which at most 1,000,000 along a side are read")]
    [TestCase(2_000_000, 2_000_000, 0, 0, "2000000x2000000 pixels; at most 67,108,864 are read (the setting max_pixels)")]
    [TestCase(0, 1, 0, 0, "a damaged image: its header has errors")]
    [TestCase(-1, 1, 0, 0, "a damaged image: its header has errors")]
    [TestCase(4, 4, 24, 0, "a damaged image: its header has errors")]
    [TestCase(4, 4, 37, 0, "a damaged image: it has errors within")]
    [TestCase(4, 4, 0, 1, "a damaged image: it has no pixels")]
    [TestCase(4, 4, 0, 2, "a damaged image: it ends too early")]
    public void A_png_that_is_not_opened_is_refused_for_the_reason_that_is_true(int width, int height, int spoilt, int cut, string says)
    {
        byte[] file = HandMade.Png(width, height, 0, new byte[20]);
        const int Header = 33, End = 12;
        file[spoilt] ^= (byte)(spoilt > 0 ? 1 : 0);
        file = cut switch
        {
            1 => [.. file[..Header], .. file[^End..]],
            2 => file[..Header],
            _ => file,
        };
        using var folder = new TemporaryDirectory();
        string path = folder["picture"];
        File.WriteAllBytes(path, file);
        Assert.That(
            () => new ImageDecoder(new(32, ImageColour.White, 1 << 26)).Read(path, new byte[ImageSet.BytesAt(32)]),
            Throws.TypeOf<DataException>().With.Message.EndsWith($"{says}."));
    }
}
