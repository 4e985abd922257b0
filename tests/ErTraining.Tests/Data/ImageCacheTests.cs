using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;
using SkiaSharp;

namespace ErTraining.Tests.Data;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ImageCacheTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public ImageCacheTests()
    {
        for (byte i = 0; i < 20; i++)
        {
            Picture.Write(_folder[$"photos/{(i % 2 == 0 ? "cat" : "dog")}/{i:d2}.png"], Picture.Encode(i));
        }
    }

    private string File => Directory.GetFiles(_folder["cache"]).Single();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void A_cache_gives_the_images_that_decoding_gives_and_is_made_once()
    {
        var counted = new Counted();
        ImageData plain = Load(cached: false), made = Load(), found = Load(loading: new LoadingProgress(counted, CancellationToken.None));
        Assert.Multiple(() =>
        {
            AssertSame(made, plain);
            AssertSame(found, plain);
            Assert.That(made.CacheUse, Does.StartWith("The images are now decoded in ").And.EndWith(" (0.1 MiB), from which later starts read them."));
            Assert.That(found.CacheUse, Does.StartWith("The images are read from ").And.EndWith(", where they are decoded already (0.1 MiB)."));
            Assert.That(counted.Images, Is.Zero, "nothing was decoded");
            Assert.That(Path.GetFileName(File), Does.Match("^photos-32x32-[0-9a-f]{16}\\.images$"));
            Assert.That(Load(settings => settings with { ImageSize = 8, TrainImages = 4 }).Train.Count, Is.EqualTo(4));
            Assert.That(Directory.GetFiles(_folder["cache"]), Has.Length.EqualTo(2), "each has a file of its own");
            Assert.That(() => found.Train.Pixels, Throws.InvalidOperationException, "it is not in memory");
        });
    }

    [Test]
    public void A_cache_of_other_images_and_a_damaged_one_are_made_anew_and_a_line_says_so()
    {
        Load();
        System.IO.File.WriteAllBytes(_folder["photos/cat/00.png"], Picture.Encode(99));
        AssertMadeAnew("was made from other images or settings");
        using (var file = new FileStream(File, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(file.Length - 1);
        }
        AssertMadeAnew("was damaged");
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        bytes[^1] ^= 1; // of the hash of an image
        System.IO.File.WriteAllBytes(File, bytes);
        AssertMadeAnew("was damaged");

        void AssertMadeAnew(string why)
        {
            ImageData data = Load();
            Assert.That(data.CacheUse, Does.StartWith($"{File} {why} and has been made anew. The images are decoded in "));
            AssertSame(data, Load(cached: false));
            AssertSame(Load(), data);
        }
    }

    [Test]
    public void A_damaged_image_is_refused_when_it_is_read_and_another_program_s_file_is_never_replaced()
    {
        Load();
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        bytes[CacheHeader.Length + (3 * CifarFormat.ImageBytes) + 17] ^= 1;
        System.IO.File.WriteAllBytes(File, bytes);
        ImageData data = Load();
        byte[] pixels = new byte[2 * CifarFormat.ImageBytes];
        data.Train.Source.Read(4, pixels);
        Assert.That(() => data.Train.Source.Read(2, pixels), Throws.TypeOf<DataException>().With.Message.EqualTo($"{File}: image 3 in it is damaged; delete this file, and the next start makes it anew."));

        string[] other = ["somebody's own file"];
        System.IO.File.WriteAllLines(File, other);
        Assert.That(() => Load(), Refused("not a file of decoded images, which would be written here"));
        Assert.That(System.IO.File.ReadAllLines(File), Is.EqualTo(other));
    }

    [Test]
    public void Images_that_cannot_be_read_are_left_out_of_the_cache_too_or_end_the_run_without_one()
    {
        Picture.Write(_folder["photos/cat/02.png"], Picture.Encode(0, format: SKEncodedImageFormat.Jpeg)[..300]);
        Assert.That(() => Load(), Refused("02.png: a damaged image: it ends too early"));
        Assert.That(Directory.GetFiles(_folder["cache"]), Is.Empty);

        ImageData plain = Load(cached: false, change: Skipping), made = Load(Skipping), found = Load(Skipping);
        AssertSame(made, plain);
        AssertSame(found, plain);
        Assert.That(found.LeftOut.Single().Line, Is.EqualTo("image that cannot be read\tcat/02.png\ta damaged image: it ends too early"));
        Assert.That(() => Load(), Refused("02.png: a damaged image: it ends too early"), "from the cache");
        foreach (int wanted in (int[])[3, 8])
        {
            AssertSame(Load(few => Skipping(few) with { TrainImages = wanted }), Load(few => Skipping(few) with { TrainImages = wanted }, cached: false));
        }

        byte[] mended = Picture.Encode(0);
        System.IO.File.WriteAllBytes(_folder["photos/cat/02.png"], new byte[mended.Length]);
        DateTime written = System.IO.File.GetLastWriteTimeUtc(_folder["photos/cat/02.png"]);
        Load(Skipping);
        System.IO.File.WriteAllBytes(_folder["photos/cat/02.png"], mended);
        System.IO.File.SetLastWriteTimeUtc(_folder["photos/cat/02.png"], written); // as where a permission is given
        AssertSame(Load(), Load(cached: false));

        ImageFolder folder = ImageFolderReader.Read(_folder["photos"]);
        System.IO.File.Delete(_folder["photos/cat/02.png"]);
        var loader = new ImageFolderLoader(folder, new DataSettings().Decoding(), skipsUnreadable: true, loading: null);
        Assert.That(loader.Load(_folder["cache/gone"]).LeftOut.Single().Line, Is.EqualTo(loader.Load().LeftOut.Single().Line));

        static DataSettings Skipping(DataSettings settings) => settings with { SkipUnreadable = true };
    }

    [Test]
    public void A_long_name_of_a_folder_is_shortened_to_what_the_name_of_a_file_may_have() =>
        Assert.That(CacheSource.FileName(new DataSettings { Source = new string('写', 80) }), Does.Match("^写{26}-32x32-[0-9a-f]{16}\\.images$"));

    [Test]
    public void Cancelled_or_without_a_place_nothing_is_left()
    {
        using var cancellation = new CancellationTokenSource();
        var counted = new Counted { OnReport = images => { if (images == 12) { cancellation.Cancel(); } } };
        Assert.That(() => Load(loading: new LoadingProgress(counted, cancellation.Token)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Directory.GetFiles(_folder["cache"]), Is.Empty);

        System.IO.File.WriteAllText(_folder["file"], "");
        Assert.That(() => Load(settings => settings with { Cache = _folder["file"] }), Refused("the decoded images cannot be written here"));
    }

    [Test]
    public void Two_that_want_the_same_cache_at_once_both_have_it_from_one_of_them_and_what_a_killed_one_left_is_deleted()
    {
        Load();
        string abandoned = $"{File}.0123.tmp", recent = $"{File}.4567.tmp";
        System.IO.File.Delete(File);
        System.IO.File.WriteAllText(abandoned, "half");
        System.IO.File.SetLastWriteTimeUtc(abandoned, DateTime.UtcNow.AddHours(-1));
        System.IO.File.WriteAllText(recent, "of a process that is at work");
        using var both = new Barrier(2);
        ImageData[] made = new ImageData[2];
        Counted[] counted = [new(), new()];
        Parallel.For(0, 2, new ParallelOptions { MaxDegreeOfParallelism = 2 }, i =>
        {
            both.SignalAndWait(TimeSpan.FromSeconds(10));
            made[i] = Load(loading: new LoadingProgress(counted[i], CancellationToken.None));
        });
        ImageData plain = Load(cached: false);
        Assert.Multiple(() =>
        {
            AssertSame(made[0], plain);
            AssertSame(made[1], plain);
            Assert.That(Directory.GetFiles(_folder["cache"]).Select(Path.GetExtension), Is.EquivalentTo((string[])[".images", ".tmp"]));
            Assert.That(System.IO.File.Exists(recent));
            Assert.That(counted.Select(images => images.Images).Order(), Is.EqualTo([0, plain.Train.Count + plain.Test.Count]), "one waits for the other");
        });
    }

    [Test]
    public void Without_a_setting_a_cache_is_used_where_the_images_do_not_fit_in_memory()
    {
        const long Gibibyte = 1L << 30;
        var settings = new DataSettings { Source = "photos" };
        Assert.Multiple(() =>
        {
            Assert.That(DataSource.CacheFolder(settings, (Gibibyte, Gibibyte), 8 * Gibibyte, "run"), Is.Null);
            Assert.That(DataSource.CacheFolder(settings, (Gibibyte, Gibibyte), null, "run"), Is.Null);
            Assert.That(DataSource.CacheFolder(settings, (Gibibyte, Gibibyte), (8 * Gibibyte) - 1, "run"), Is.EqualTo("run"));
            Assert.That(DataSource.CacheFolder(settings, (2 * Gibibyte, 1), 100 * Gibibyte, "run"), Is.EqualTo("run"), "more than one array");
            Assert.That(DataSource.CacheFolder(settings with { Cache = "c" }, (1, 1), null, "run"), Is.EqualTo("c"));
            Assert.That(
                () => DataSource.CacheFolder(settings, (2 * Gibibyte, 0), 3 * Gibibyte, null),
                Refused("photos: the decoded images take 2.0 GiB, too much for memory (3.0 GiB are free); name a folder for a file of them with the setting cache"));
        });
    }

    private static void AssertSame(ImageData data, ImageData plain)
    {
        Assert.That(data.Fingerprint(), Is.EqualTo(plain.Fingerprint()));
        Assert.That((data with { KnownFingerprint = null }).Fingerprint(), Is.EqualTo(plain.Fingerprint()), "computed from what is read");
        Assert.That(data.Train.ClassNames, Is.EqualTo(plain.Train.ClassNames));
        Assert.That((data.Name, data.Reading, data.Summary), Is.EqualTo((plain.Name, plain.Reading, plain.Summary)));
        Assert.That(data.LeftOut, Is.EqualTo(plain.LeftOut));
    }

    private static NUnit.Framework.Constraints.ContainsConstraint Refused(string says) => Throws.TypeOf<DataException>().With.Message.Not.Contains("\n").And.Message.Contains(says);

    private ImageData Load(Func<DataSettings, DataSettings>? change = null, bool cached = true, LoadingProgress? loading = null)
    {
        var settings = new DataSettings { Source = _folder["photos"], Cache = cached ? _folder["cache"] : null };
        return DataSource.Load(change?.Invoke(settings) ?? settings, seed: 0, loading);
    }

    /// <summary>Counts the images that are loaded.</summary>
    private sealed class Counted : IProgress<double>
    {
        private int _images;

        public int Images => _images;

        public Action<int>? OnReport { get; init; }

        public void Report(double value)
        {
            int images = Interlocked.Increment(ref _images);
            OnReport?.Invoke(images);
        }
    }
}
