using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Data;

internal sealed class BatchReaderTests : TensorTests
{
    private const int Size = 8;

    private static readonly ImageSet s_images = SyntheticImages.Create(23, 1, seed: 0, Size).Train;

    [Test]
    public void Batches_come_in_order_wherever_the_pixels_are_and_leave_nothing_alive()
    {
        long[] order = [5, 6, 7, 22, 0, 3, 2, 1, 9, 10];
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        foreach (PixelSource source in (PixelSource[])[s_images.Source, OnDemand(s_images)])
        {
            foreach (int first in (int[])[0, 2])
            {
                using var scope = NewDisposeScope();
                using var reader = new BatchReader(source, Size, order, 4, CPU, first);
                for (int start = 4 * first; start < order.Length; start += 4)
                {
                    long[] wanted = order[start..Math.Min(start + 4, order.Length)];
                    Assert.That(reader.Next().bytes.ToArray(), Is.EqualTo(wanted.SelectMany(Image)));
                }
                Assert.That(reader.Next, Throws.InvalidOperationException);
            }
        }
        Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive));
    }

    [Test]
    public void What_goes_wrong_in_the_thread_is_the_error_of_the_batch_that_it_happened_in()
    {
        var source = new PixelsOnDemand(23, s_images.ImageBytes, (index, pixels) => _ = index == 9 ? throw new DataException("image 9 is damaged") : 0);
        using var reader = new BatchReader(source, Size, [.. Enumerable.Range(0, 23).Select(i => (long)i)], 4, CPU);
        using Tensor first = reader.Next(), second = reader.Next();
        foreach (int _ in (int[])[1, 2])
        {
            Assert.That(reader.Next, Throws.TypeOf<DataException>().With.Message.EqualTo("image 9 is damaged"));
        }
    }

    [Test]
    public void A_reader_that_nobody_asks_ends_when_it_is_disposed_of()
    {
        int read = 0;
        using var begun = new ManualResetEventSlim();
        var source = new PixelsOnDemand(1000, s_images.ImageBytes, (_, _) =>
        {
            Interlocked.Increment(ref read);
            begun.Set();
        });
        using (new BatchReader(source, Size, [.. Enumerable.Range(0, 1000).Select(i => (long)i)], 10, CPU))
        {
            Assert.That(begun.Wait(TimeSpan.FromMinutes(1)), "nothing is read");
        }
        int then = read;
        Assert.That(then, Is.LessThanOrEqualTo(30), "three batches at most are read ahead");
        Thread.Sleep(20);
        Assert.That(read, Is.EqualTo(then));
    }

    [Test]
    public void Images_that_are_not_on_the_device_are_those_that_are()
    {
        using ImageTensors resident = new(s_images, CPU), read = new(new ImageSet(OnDemand(s_images), s_images.Labels, s_images.ClassNames, Size), CPU);
        using ImageTensors copied = new(new ImageSet(OnDemand(s_images), s_images.Labels, s_images.ClassNames, Size), CPU, isResident: true);
        using ImageBatches batches = read.Batches([4, 1, 2, 8, 9, 0], batchSize: 2);
        Tensor some = tensor(new long[] { 7, 3, 3 }, device: CPU);
        Assert.Multiple(() =>
        {
            Assert.That((resident.IsResident, read.IsResident, copied.IsResident), Is.EqualTo((true, false, true)));
            Assert.That(read.Range(3, 5).bytes.ToArray(), Is.EqualTo(resident.Range(3, 5).bytes.ToArray()));
            Assert.That(copied.Range(0, 23).bytes.ToArray(), Is.EqualTo(resident.Range(0, 23).bytes.ToArray()));
            Assert.That(read.Select(some).bytes.ToArray(), Is.EqualTo(resident.Select(some).bytes.ToArray()));
            foreach (int batch in (int[])[0, 1, 1, 0, 2])
            {
                Assert.That(batches.Images(batch).bytes.ToArray(), Is.EqualTo(resident.Select(batches.Indices(batch)).bytes.ToArray()), $"batch {batch}");
            }
        });
    }

    [Test]
    public void A_set_that_is_read_scales_and_takes_as_one_in_memory()
    {
        var read = new ImageSet(OnDemand(s_images), s_images.Labels, s_images.ClassNames, Size);
        ImageSet scaled = read.Scale(5).Take(11), wanted = s_images.Scale(5).Take(11);
        byte[] pixels = new byte[wanted.Pixels.Length];
        scaled.Source.Read(0, pixels);
        Assert.Multiple(() =>
        {
            Assert.That(pixels, Is.EqualTo(wanted.Pixels));
            Assert.That((scaled.Size, scaled.Count), Is.EqualTo((5, 11)));
            Assert.That(scaled.Labels, Is.EqualTo(wanted.Labels));
            Assert.That(() => read.Source.Read(22, new byte[2 * s_images.ImageBytes]), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new ImageSet(OnDemand(s_images), [0], s_images.ClassNames, Size), Throws.ArgumentException);
        });
    }

    private static PixelsOnDemand OnDemand(ImageSet images) => new(images.Count, images.ImageBytes, (index, pixels) => images.Source.Read(index, pixels));

    private static byte[] Image(long index) => s_images.Pixels[((int)index * s_images.ImageBytes)..(((int)index + 1) * s_images.ImageBytes)];
}
