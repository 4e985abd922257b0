using System.Buffers.Binary;
using System.Text;
using ErLoss.Package.Tests;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;
using SkiaSharp;

namespace ErTraining.Tests.Data;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ImageDecoderTests : IDisposable
{
    private static readonly string s_odd = Path.Combine(Repository.Root, "tests", "ErTraining.Tests", "Data", "Pictures");

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Beside each file is what another program shows of it: Pillow 9.4, with the image turned upright and transparency laid on white.</summary>
    [TestCase("mjpeg_no_dht.jpg", 96)]
    [TestCase("cmyk_no_adobe.jpg", 96)]
    [TestCase("trailing_empty_idat.png", 96)]
    [TestCase("ff00_before_dqt.jpg", 96)]
    [TestCase("orient6.jpg", 96)]
    [TestCase("rgba_hidden.png", 96)]
    [TestCase("la_white_icon.png", 64)]
    [TestCase("palette_trans.png", 96)]
    public void An_odd_file_has_the_pixels_that_stand_beside_it(string name, int side)
    {
        byte[] right = Read(File.ReadAllBytes(Path.Combine(s_odd, Path.ChangeExtension(name, ".right.png"))), side);
        Assert.That(right.Distinct().Count(), name == "la_white_icon.png" ? Is.EqualTo(1) : Is.GreaterThan(2));
        Assert.That(Read(File.ReadAllBytes(Path.Combine(s_odd, name)), side), Is.EqualTo(right));
    }

    [TestCase(SKEncodedImageFormat.Png)]
    [TestCase(SKEncodedImageFormat.Webp)]
    public void A_lossless_file_comes_back_to_the_last_bit(SKEncodedImageFormat format) =>
        Assert.That(Read(Picture.Encode(200, format: format)), Is.EqualTo(Picture.Planes(200)));

    [Test]
    public void A_jpeg_comes_back_nearly() => AssertNear(Read(Picture.Encode(100, format: SKEncodedImageFormat.Jpeg)), Picture.Planes(100), 5);

    [Test]
    public void A_grey_jpeg_is_grey()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(32, 32, SKColorType.Gray8));
        bitmap.GetPixelSpan().Fill(77);
        using SKData file = bitmap.Encode(SKEncodedImageFormat.Jpeg, quality: 95);
        Assert.That(file.ToArray().AsSpan().IndexOf<byte>([0xFF, 0xC0, 0, 11]), Is.Positive, "a frame of one component");
        Assert.That(Read(file.ToArray()), Is.All.EqualTo(77));
    }

    [Test]
    public void A_large_image_is_decoded_as_others_are() =>
        Assert.That(Read(HandMade.Png(4200, 4000, 0, new byte[4201 * 4000])), Is.All.EqualTo(0));

    [Test]
    public void A_file_too_large_to_be_read_beside_others_is_read_as_they_are() =>
        Assert.That(Read([.. Picture.Encode(200), .. new byte[1 << 25]]), Is.EqualTo(Picture.Planes(200)));

    [Test]
    public void A_bitmap_and_a_gif_are_read()
    {
        Assert.That(Read(HandMade.Bmp(2, 2, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]), 2), Is.EqualTo(new byte[] { 10, 40, 70, 100, 20, 50, 80, 110, 30, 60, 90, 120 }));
        Assert.That(Read(HandMade.Gif, 1), Is.EqualTo(new byte[] { 255, 128, 0 }));
    }

    [Test]
    public void A_png_made_by_hand_has_its_samples_as_pixels() =>
        Assert.That(Read(HandMade.Png(2, 2, 2, [0, 10, 20, 30, 40, 50, 60, 0, 70, 80, 90, 100, 110, 120]), 2), Is.EqualTo(new byte[] { 10, 40, 70, 100, 20, 50, 80, 110, 30, 60, 90, 120 }));

    [Test]
    public void Transparency_is_laid_on_the_background_and_hidden_colours_do_not_show()
    {
        byte[] file = HandMade.Png(1, 1, 6, [0, 200, 100, 50, 51]); // a fifth of the colour
        Assert.Multiple(() =>
        {
            Assert.That(Read(file, 1), Is.EqualTo(new byte[] { 244, 224, 214 }));
            Assert.That(Read(file, 1, ImageColour.Parse("black")), Is.EqualTo(new byte[] { 40, 20, 10 }));
            Assert.That(Read(HandMade.Png(1, 1, 6, [0, 200, 100, 50, 0]), 1, ImageColour.Parse("0a0B0c")), Is.EqualTo(new byte[] { 10, 11, 12 }));
        });
    }

    /// <summary>The image is 3×3 with the pixels 1 to 9 as they are stored; what is shown is written out from EXIF's definition of the eight numbers.</summary>
    [TestCase(1, "123 456 789")]
    [TestCase(2, "321 654 987")]
    [TestCase(3, "987 654 321")]
    [TestCase(4, "789 456 123")]
    [TestCase(5, "147 258 369")]
    [TestCase(6, "741 852 963")]
    [TestCase(7, "963 852 741")]
    [TestCase(8, "369 258 147")]
    [TestCase(9, "123 456 789")]
    public void Each_orientation_is_shown_upright_in_each_format_that_has_one(int number, string shown)
    {
        byte[] wanted = [.. shown.Where(char.IsDigit).Select(digit => (byte)((digit - '0') * 25))];
        byte[] stored = [.. Enumerable.Range(0, 9).Select(i => (byte)((i + 1) * 25))];
        byte[] exif = HandMade.Exif(number, isBigEndian: number % 2 == 0);
        Assert.Multiple(() =>
        {
            Assert.That(Red(HandMade.WithExif(HandMade.GreyPng(3, stored), exif)), Is.EqualTo(wanted), "PNG");
            Assert.That(Red(HandMade.WebpWithExif(Encoded(stored, SKEncodedImageFormat.Webp), 3, exif)), Is.EqualTo(wanted), "WebP");
            AssertNear(Red(HandMade.JpegWithExif(Encoded(stored, SKEncodedImageFormat.Jpeg), exif)), wanted, 3);
            byte[] wide = HandMade.Exif(number, isBigEndian: number % 2 == 0, isLong: true);
            Assert.That(Red(HandMade.WithExif(HandMade.GreyPng(3, stored), wide)), Is.EqualTo(wanted), "PNG, four bytes");
            AssertNear(Red(HandMade.JpegWithExif(Encoded(stored, SKEncodedImageFormat.Jpeg), wide)), wanted, 3);
        });

        byte[] Red(byte[] file) => Read(file, 3)[..9];
    }

    [Test]
    public void The_square_is_the_centre_of_the_image_as_it_is_shown()
    {
        // Four columns of which three are taken: the left ones as the image is shown, whichever way it is stored.
        byte[] png = HandMade.Png(4, 3, 0, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
        Assert.That(Read(png, 3)[..3], Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That(Read(HandMade.WithExif(png, HandMade.Exif(2, isBigEndian: false)), 3)[..3], Is.EqualTo(new byte[] { 4, 3, 2 }));
    }

    [TestCase(300, 257)]
    [TestCase(517, 523)]
    [TestCase(1031, 1025)]
    public void A_large_jpeg_is_decoded_at_a_part_of_its_size_which_comes_to_nearly_the_same(int width, int height)
    {
        byte[] png = Read(Picture.Encode(90, width, height)), jpeg = Read(Picture.Encode(90, width, height, SKEncodedImageFormat.Jpeg));
        AssertNear(jpeg, png, 5);
    }

    [TestCase(SKEncodedImageFormat.Png)]
    [TestCase(SKEncodedImageFormat.Jpeg)]
    [TestCase(SKEncodedImageFormat.Webp)]
    public void A_truncated_file_is_refused_wherever_it_ends(SKEncodedImageFormat format)
    {
        byte[] whole = Picture.Encode(50, 40, 40, format);
        for (int length = 0; length < whole.Length - 20; length += 7)
        {
            Assert.That(() => Read(whole[..length]), Refused(), $"cut to {length} of {whole.Length} bytes");
        }
        Assert.That(() => Read(whole[..(whole.Length / 2)]), Refused("ends too early"));
    }

    [TestCase(SKEncodedImageFormat.Png)]
    [TestCase(SKEncodedImageFormat.Jpeg)]
    [TestCase(SKEncodedImageFormat.Webp)]
    public void What_follows_the_end_of_an_image_does_not_matter(SKEncodedImageFormat format)
    {
        byte[] whole = Picture.Encode(50, 40, 40, format);
        Assert.That(Read([.. whole, .. new byte[20_000]]), Is.EqualTo(Read(whole)));
    }

    [TestCase(20_000, 10_000, "20000x10000 pixels; at most 67,108,864")]
    [TestCase(1_000, 1_000, "1000x1000 pixels; at most 999,999", 999_999)]
    public void A_file_that_claims_to_be_gigantic_is_refused_by_its_header(int width, int height, string says, int most = 1 << 26)
    {
        byte[] file = HandMade.Png(width, height, 0, [0]);
        Assert.That(() => new ImageDecoder(new(32, ImageColour.White, most)).Read(Write(file), new byte[CifarFormat.ImageBytes]), Refused(says));
    }

    [Test]
    public void A_webp_of_34_bytes_that_claims_16000_pixels_square_is_refused_by_its_header()
    {
        byte[] file = [.. "RIFF"u8, 26, 0, 0, 0, .. "WEBPVP8L"u8, 14, 0, 0, 0, 0x2F, 0x7F, 0xFE, 0x9F, 0x0F, 0x10, 0x07, 0x10, 0x11, 0x11, 0x88, 0x88, 0xFE, 0x07, 0];
        Assert.That(() => Read(file), Refused("16000x16000 pixels; at most 67,108,864"));
    }

    [Test]
    public void A_jpeg_that_cannot_hold_what_its_header_claims_is_refused_before_memory_is_taken()
    {
        byte[] file = Picture.Encode(0, format: SKEncodedImageFormat.Jpeg);
        int frame = file.AsSpan().IndexOf<byte>([0xFF, 0xC0]); // then a length, the precision, the height, the width
        BinaryPrimitives.WriteInt16BigEndian(file.AsSpan(frame + 5), 2000);
        BinaryPrimitives.WriteInt16BigEndian(file.AsSpan(frame + 7), 2000);
        Assert.That(() => Read(file), Refused($"its header claims 2000x2000 pixels, which {file.Length} bytes cannot hold"));
    }

    [TestCase(0xC3, 8, "a lossless JPEG, which is not read")]
    [TestCase(0xC5, 8, "a hierarchical JPEG, which is not read")]
    [TestCase(0xC1, 12, "a JPEG of 12 bits for each colour, of which only 8 are read")]
    public void A_jpeg_of_a_rare_variant_is_refused_for_what_it_is(int marker, int precision, string says)
    {
        byte[] file = Picture.Encode(0, format: SKEncodedImageFormat.Jpeg);
        int frame = file.AsSpan().IndexOf<byte>([0xFF, 0xC0]);
        (file[frame + 1], file[frame + 4]) = ((byte)marker, (byte)precision);
        Assert.That(() => Read(file), Refused(says));
    }

    [TestCase("", "an empty file")]
    [TestCase("a text", "a text, perhaps")]
    [TestCase("BM, as a bitmap begins, and some more bytes to look at", "a text, perhaps")]
    [TestCase("II*\0, as a TIFF file begins", "a TIFF file")]
    [TestCase("\0\0\0\u0020ftypavif", "an AVIF file")]
    [TestCase("\0\0\0\0\0\0\0\0", "a file of zeros")]
    [TestCase("version https://git-lfs.github.com/spec/v1", "a Git LFS pointer, whose image was not downloaded")]
    public void Another_kind_of_file_is_refused_for_what_it_is(string text, string says) =>
        Assert.That(() => Read(Encoding.Latin1.GetBytes(text)), Refused($"picture: {says}, whatever its name; wanted an image (JPEG, PNG, WebP, BMP or GIF)"));

    [Test]
    [Platform("Linux", Reason = "It has such files, and a program that makes them.")]
    public void What_is_no_file_is_refused_and_not_read()
    {
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", [_folder["pipe.jpg"]]))
        {
            mkfifo.WaitForExit();
        }
        File.CreateSymbolicLink(_folder["zeros.png"], "/dev/zero");
        File.CreateSymbolicLink(_folder["linked.jpg"], _folder["pipe.jpg"]);
        var decoder = new ImageDecoder(new(32, ImageColour.White, 1 << 26));
        byte[] pixels = new byte[CifarFormat.ImageBytes];
        Assert.Multiple(() =>
        {
            Assert.That(() => decoder.Read(_folder["pipe.jpg"], pixels), Refused("pipe.jpg: a named pipe, which is not read"));
            Assert.That(() => decoder.Read(_folder["linked.jpg"], pixels), Refused("linked.jpg: a named pipe"));
            Assert.That(() => decoder.Read(_folder["zeros.png"], pixels), Refused("zeros.png: a device, which is not read"));
        });
    }

    private static NUnit.Framework.Constraints.ContainsConstraint Refused(string says = "picture") =>
        Throws.TypeOf<DataException>().With.Message.Not.Contains("\n").And.Message.Contains(says);

    private static void AssertNear(byte[] read, byte[] wanted, double most) =>
        Assert.That(read.Zip(wanted, (x, y) => Math.Abs(x - y)).Average(), Is.LessThan(most));

    private static byte[] Encoded(byte[] greys, SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(3, 3);
        for (int i = 0; i < greys.Length; i++)
        {
            bitmap.SetPixel(i % 3, i / 3, new SKColor(greys[i], greys[i], greys[i]));
        }
        using SKData file = bitmap.Encode(format, quality: 100);
        return file.ToArray();
    }

    private byte[] Read(byte[] file, int size = 32, ImageColour? background = null)
    {
        byte[] pixels = new byte[3 * size * size];
        new ImageDecoder(new(size, background ?? ImageColour.White, 1 << 26)).Read(Write(file), pixels);
        return pixels;
    }

    private string Write(byte[] file)
    {
        string path = _folder["picture"];
        File.WriteAllBytes(path, file);
        return path;
    }
}
