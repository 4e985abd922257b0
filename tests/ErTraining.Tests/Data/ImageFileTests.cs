using System.Buffers.Binary;
using System.IO.Compression;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;
using SkiaSharp;

namespace ErTraining.Tests.Data;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ImageFileTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void A_png_comes_back_to_the_last_bit() => Assert.That(Read(Picture.Encode(200)), Is.EqualTo(Picture.Planes(200)));

    [Test]
    public void A_jpeg_comes_back_nearly()
    {
        byte[] read = Read(Picture.Encode(100, format: SKEncodedImageFormat.Jpeg)), wanted = Picture.Planes(100);
        Assert.That(read.Zip(wanted, (x, y) => Math.Abs(x - y)).Average(), Is.LessThan(5));
    }

    [Test]
    public void A_large_picture_is_scaled() =>
        Assert.That(Read(Picture.Encode(90, width: 80, height: 64))[..(32 * 32)], Is.All.EqualTo(90), "the red plane is even");

    [TestCase(SKEncodedImageFormat.Png)]
    [TestCase(SKEncodedImageFormat.Jpeg)]
    public void A_truncated_file_is_refused_wherever_it_ends(SKEncodedImageFormat format)
    {
        byte[] whole = Picture.Encode(50, 40, 40, format);
        for (int length = 0; length < whole.Length - 20; length += 7)
        {
            Assert.That(() => Read(whole[..length]), Refused(), $"cut to {length} of {whole.Length} bytes");
        }
    }

    [TestCase(SKEncodedImageFormat.Png)]
    [TestCase(SKEncodedImageFormat.Jpeg)]
    public void A_damaged_file_is_read_or_refused_and_nothing_else(SKEncodedImageFormat format)
    {
        byte[] whole = Picture.Encode(50, 40, 40, format);
        var random = new Random(0);
        for (int trial = 0; trial < 500; trial++)
        {
            byte[] damaged = [.. whole];
            for (int i = 0; i < 3; i++)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }
            try
            {
                Read(damaged);
            }
            catch (DataException e)
            {
                Assert.That(e.Message, Does.Contain("picture").And.Not.Contains("\n"));
            }
        }
    }

    [TestCase(20_000, 10_000, "20000x10000 pixels; at most 67,108,864")]
    [TestCase(1_000_000, 1_000_000, "far too many pixels")]
    public void A_file_that_claims_to_be_gigantic_is_refused_by_its_header(int width, int height, string says)
    {
        byte[] file = Picture.Encode(0);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(16), width); // where a PNG has them
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(20), height);
        Assert.That(() => Read(file), Refused().With.Message.Contains(says));
    }

    [TestCase(SKEncodedImageFormat.Png, 2000)]
    [TestCase(SKEncodedImageFormat.Jpeg, 2000)]
    public void A_file_that_cannot_hold_what_its_header_claims_is_refused_before_memory_is_taken(SKEncodedImageFormat format, int side)
    {
        byte[] file = Picture.Encode(0, format: format);
        if (format == SKEncodedImageFormat.Png)
        {
            BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(16), side);
            BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(20), side);
        }
        else
        {
            int frame = file.AsSpan().IndexOf<byte>([0xFF, 0xC0]); // then a length, the precision, the height, the width
            BinaryPrimitives.WriteInt16BigEndian(file.AsSpan(frame + 5), (short)side);
            BinaryPrimitives.WriteInt16BigEndian(file.AsSpan(frame + 7), (short)side);
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => Read(file), Refused().With.Message.Contains($"{side * side} pixels"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
    }

    [Test]
    public void A_png_whose_body_inflates_without_end_is_refused()
    {
        byte[] file = Picture.Encode(0);
        int start = file.AsSpan().IndexOf("IDAT"u8) - 4;
        using var body = new MemoryStream();
        using (var deflate = new ZLibStream(body, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 256; i++)
            {
                deflate.Write(zeros);
            }
        }
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, (int)body.Length);
        byte[] bomb = [.. file[..start], .. length, .. "IDAT"u8, .. body.ToArray(), 0, 0, 0, 0, 0, 0, 0, 0, .. "IEND"u8, 0, 0, 0, 0];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => Read(bomb), Refused().With.Message.Contains("do not fit its 1024 pixels"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(16L * bomb.Length), "of 256 MiB that it inflates to");
    }

    [TestCase("")]
    [TestCase("a text")]
    [TestCase("BM, as a bitmap begins, and some more bytes to look at")]
    public void Another_kind_of_file_is_refused(string text) =>
        Assert.That(() => Read(System.Text.Encoding.ASCII.GetBytes(text)), Refused().With.Message.Contains("neither a PNG nor a JPEG"));

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
        byte[] pixels = new byte[ImageSet.ImageBytes];
        Assert.Multiple(() =>
        {
            Assert.That(() => ImageFile.Read(_folder["pipe.jpg"], pixels), Refused().With.Message.Contains("pipe.jpg: a named pipe, which is not read"));
            Assert.That(() => ImageFile.Read(_folder["linked.jpg"], pixels), Refused().With.Message.Contains("linked.jpg: a named pipe"));
            Assert.That(() => ImageFile.Read(_folder["zeros.png"], pixels), Refused().With.Message.Contains("zeros.png: a device, which is not read"));
        });
    }

    private static NUnit.Framework.Constraints.ExactTypeConstraint<DataException> Refused() => Throws.TypeOf<DataException>();

    private byte[] Read(byte[] file)
    {
        string path = _folder["picture"];
        File.WriteAllBytes(path, file);
        byte[] pixels = new byte[ImageSet.ImageBytes];
        ImageFile.Read(path, pixels);
        return pixels;
    }
}
