using System.Buffers.Binary;
using System.Numerics;
using ErLoss.Training;
using ErLoss.Training.Runs;
using Tensorboard;

namespace ErTraining.Tests.Runs;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class TensorBoardLogTests : IDisposable
{
    private static readonly EpochMetrics s_first = new(1, -1.5, 3.25, 1.75, 1.5, 3e-3, 1000, 12.5, 0.125),
        s_second = new(2, -2.5, 4.25, 1.75, 2.5, 2e-3, 1100, 13.5, 0.25, Perplexity: 7, KnnAccuracy: 0.5, ViewRetrieval: 0.75);

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Every_metric_that_there_is_stands_at_its_epoch()
    {
        var log = new TensorBoardLog(_folder["new/tensorboard"]);
        log.OnStart(0.25, [], 0);
        log.OnEpoch(s_first, TimeSpan.Zero);
        log.OnEpoch(s_second, TimeSpan.Zero);

        Dictionary<(string, long), float> scalars = Scalars();
        Assert.Multiple(() =>
        {
            Assert.That(scalars, Has.Count.EqualTo(1 + 8 + 11));
            Assert.That(scalars[("evaluation/knn_accuracy", 0)], Is.EqualTo(0.25f));
            Assert.That(scalars[("train/loss", 1)], Is.EqualTo(-1.5f));
            Assert.That(scalars[("train/entropy", 2)], Is.EqualTo(4.25f));
            Assert.That(scalars[("train/reconstruction", 1)], Is.EqualTo(1.75f));
            Assert.That(scalars[("train/mutual_information_bound", 2)], Is.EqualTo(2.5f));
            Assert.That(scalars[("train/learning_rate", 2)], Is.EqualTo(2e-3f));
            Assert.That(scalars[("train/images_per_second", 2)], Is.EqualTo(1100f));
            Assert.That(scalars[("evaluation/effective_rank", 2)], Is.EqualTo(13.5f));
            Assert.That(scalars[("evaluation/mean_cosine", 1)], Is.EqualTo(0.125f));
            Assert.That(scalars[("evaluation/perplexity", 2)], Is.EqualTo(7f));
            Assert.That(scalars[("evaluation/knn_accuracy", 2)], Is.EqualTo(0.5f));
            Assert.That(scalars[("evaluation/view_retrieval", 2)], Is.EqualTo(0.75f));
        });
    }

    [Test]
    public void A_run_that_was_taken_up_has_each_epoch_once()
    {
        var killed = new TensorBoardLog(_folder["new/tensorboard"]);
        killed.OnStart(0.25, [], 0);
        killed.OnEpoch(s_first, TimeSpan.Zero);
        killed.OnEpoch(s_second, TimeSpan.Zero); // written, but the checkpoint was not

        (string file, byte[] before) = (File(), System.IO.File.ReadAllBytes(File()));
        System.IO.File.AppendAllText(file, "left by a crash");

        var resumed = new TensorBoardLog(_folder["new/tensorboard"]);
        resumed.OnStart(0.25, [s_first], 3);
        byte[] kept = System.IO.File.ReadAllBytes(file);
        resumed.OnEpoch(s_second, TimeSpan.Zero);
        Assert.Multiple(() =>
        {
            Assert.That(Scalars(), Has.Count.EqualTo(1 + 8 + 11), "the reader refuses what stands there twice");
            Assert.That(kept, Has.Length.GreaterThan(before.Length / 3).And.Length.LessThan(before.Length));
            Assert.That(kept, Is.EqualTo(before[..kept.Length]), "the first epoch stays as it is, with its time");
        });
    }

    [Test]
    public void Epochs_that_are_not_there_yet_are_added()
    {
        new TensorBoardLog(_folder["new/tensorboard"]).OnStart(0.25, [s_first], 0);
        new TensorBoardLog(_folder["new/tensorboard"]).OnStart(0.25, [s_first, s_second], 0);
        Assert.That(Scalars(), Has.Count.EqualTo(1 + 8 + 11));
    }

    [Test]
    public void An_epoch_that_was_cut_short_is_written_again()
    {
        new TensorBoardLog(_folder["new/tensorboard"]).OnStart(0.25, [s_first, s_second], 0);
        using (FileStream file = System.IO.File.OpenWrite(File()))
        {
            file.SetLength(file.Length - 5); // into the last of its metrics
        }
        new TensorBoardLog(_folder["new/tensorboard"]).OnStart(0.25, [s_first, s_second], 0);
        Assert.That(Scalars(), Has.Count.EqualTo(1 + 8 + 11), "the reader refuses what stands there twice");
    }

    [Test]
    public void A_file_that_is_not_sound_is_replaced()
    {
        Directory.CreateDirectory(_folder["new/tensorboard"]);
        System.IO.File.WriteAllText(_folder["new/tensorboard/events.out.tfevents.1.spoilt"], "no records at all");
        new TensorBoardLog(_folder["new/tensorboard"]).OnStart(0.25, [s_first], 0);
        Assert.That(Scalars(), Has.Count.EqualTo(1 + 8));
    }

    /// <summary>
    /// Reads the one event file as TensorBoard does: records of length, masked CRC-32C of the length, content, masked CRC-32C of the content
    /// (tensorflow.org/tutorials/load_data/tfrecord, "TFRecords format details"), each a protocol buffer.
    /// </summary>
    private Dictionary<(string Tag, long Step), float> Scalars()
    {
        string file = File();
        Assert.That(Path.GetFileName(file), Does.StartWith("events.out.tfevents."), "what TensorBoard looks for");
        AssertIsNow(double.Parse(Path.GetFileName(file).Split('.')[3], System.Globalization.CultureInfo.InvariantCulture));
        ReadOnlySpan<byte> rest = System.IO.File.ReadAllBytes(file);
        var scalars = new Dictionary<(string, long), float>();
        var versions = new List<string>();
        while (!rest.IsEmpty)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(rest);
            Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]), Is.EqualTo(MaskedChecksum(rest[..8])));
            ReadOnlySpan<byte> content = rest.Slice(12, length);
            Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(rest[(12 + length)..]), Is.EqualTo(MaskedChecksum(content)));
            Event entry = Event.Parser.ParseFrom(content.ToArray());
            AssertIsNow(entry.WallTime);
            if (entry.WhatCase == Event.WhatOneofCase.FileVersion)
            {
                versions.Add(entry.FileVersion);
            }
            else
            {
                Summary.Types.Value value = entry.Summary.Value.Single();
                scalars.Add((value.Tag, entry.Step), value.SimpleValue);
            }
            rest = rest[(length + 16)..];
        }
        Assert.That(versions, Is.EqualTo(["brain.Event:2"]));
        return scalars;
    }

    private static void AssertIsNow(double time) =>
        Assert.That(time, Is.EqualTo(DateTimeOffset.UtcNow.ToUnixTimeSeconds()).Within(600), "seconds since 1970");

    private string File() => Directory.GetFiles(_folder["new/tensorboard"]).Single();

    private static uint MaskedChecksum(ReadOnlySpan<byte> bytes)
    {
        uint checksum = uint.MaxValue;
        foreach (byte value in bytes)
        {
            checksum = BitOperations.Crc32C(checksum, value);
        }
        return BitOperations.RotateRight(~checksum, 15) + 0xa282ead8;
    }
}
