using System.Text;
using System.Text.Json;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using ErLoss.Training.Checkpoints;
using ErLoss.Training.Data;
using ErLoss.Training.Embeddings;
using ErLoss.Training.Methods;
using ErLoss.Training.Runs;
using ErTraining.CommandLine;
using ErTraining.Tests.Data;
using SkiaSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Encoder = ErLoss.SelfSupervised.Encoders.Encoder;

namespace ErTraining.Tests.Fuzzing;

/// <summary>
/// Whatever stands in a file, the program reads it or refuses it with a line of its own: no crash, no hang, no memory that the file's length does not warrant.
/// The environment variable ERTRAINING_FUZZ_MUTATIONS sets how many files are tried in all, 2,000 otherwise.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SpoiltFileTests : IDisposable
{
    private const int Readers = 10;

    private static readonly int s_mutations =
        int.TryParse(Environment.GetEnvironmentVariable("ERTRAINING_FUZZ_MUTATIONS"), out int mutations) ? mutations : 2000;

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Cifar_files()
    {
        CifarWriter.Write(SyntheticImages.Create(3, 2, seed: 0), _folder.Path);
        Spoil(Directory.GetFiles(_folder.Path), () =>
        {
            ImageData data = CifarReader.Read(_folder.Path);
            Assert.That(data.Train.Pixels, Has.Length.EqualTo(data.Train.Count * CifarFormat.ImageBytes));
        });
    }

    [Test]
    public void Images()
    {
        string file = _folder["picture"];
        byte[] pixels = new byte[CifarFormat.ImageBytes];
        byte[][] sound =
        [
            Picture.Encode(7, 40, 36), Picture.Encode(7, 40, 36, SKEncodedImageFormat.Jpeg), Picture.Encode(7, 40, 36, SKEncodedImageFormat.Webp),
            HandMade.Bmp(4, 4, new byte[48]), HandMade.Gif, HandMade.WithExif(HandMade.GreyPng(3, new byte[9]), HandMade.Exif(6, isBigEndian: true)),
        ];
        var decoder = new ImageDecoder(new(ImageSet.DefaultSize, ImageColour.White, 1 << 20));
        Try("images", random =>
        {
            byte[] spoilt = Mutation.Of(sound[random.Next(sound.Length)], random);
            File.WriteAllBytes(file, spoilt);
            return spoilt.Length;
        }, () => decoder.Read(file, pixels));
    }

    [Test]
    public void Weights()
    {
        using var module = Projector.Create(4, new HeadSettings { HiddenDimension = 8, ProjectionDimension = 2 });
        ModelWeights.Save(_folder.Path, module);
        Spoil(Directory.GetFiles(_folder.Path), () => ModelWeights.Load(_folder.Path, module));
    }

    [Test]
    public void Encoder_files()
    {
        using var encoder = new TinyEncoder();
        string file = _folder["encoder.safetensors"];
        EncoderFile.Write(file, encoder);
        Spoil([file], () => EncoderFile.Read(file, encoder));
    }

    [Test]
    public void Metadata_of_encoder_files()
    {
        using var encoder = new TinyEncoder();
        string file = _folder["encoder.safetensors"];
        EncoderFile.Write(file, encoder);
        Spoil([file], () => Assert.That(EncoderFile.ReadMetadata(file).Preprocessing.ImageSize, Is.InRange(1, ImagePreprocessing.LargestImageSize)));
    }

    /// <summary>What is spoilt of them shows, and the features are computed anew: no error, and never wrong numbers.</summary>
    [Test]
    public void Unfinished_files_of_features()
    {
        ImageListing images = ImageListing.Of(SyntheticImages.Create(2, 1, seed: 0));
        using Tensor features = arange(6, dtype: ScalarType.Float32, device: CPU).view(3, 2), first = features.narrow(0, 0, 2), last = features.narrow(0, 2, 1);
        string file = _folder["features.npy"];
        using (FeatureFile begun = Open())
        {
            begun.Append(first);
            begun.Save();
        }
        string[] paths = [file + ".part", file + ".progress"];
        byte[][] sound = [.. paths.Select(File.ReadAllBytes)];
        byte[]? whole = null;
        int continued = 0, trials = s_mutations / Readers;
        for (int trial = -1; trial < trials; trial++)
        {
            var random = new Random(trial);
            int spoilt = trial < 0 ? paths.Length : random.Next(paths.Length);
            foreach ((string path, int i) in paths.Select((path, i) => (path, i)))
            {
                File.WriteAllBytes(path, i == spoilt ? Mutation.Of(sound[i], random) : sound[i]);
            }
            using FeatureFile again = Open();
            continued += again.Rows > 0 ? 1 : 0;
            again.Append(again.Rows > 0 ? last : features);
            again.Finish();
            whole ??= File.ReadAllBytes(file);
            Assert.That(File.ReadAllBytes(file), Is.EqualTo(whole), $"mutation {trial}");
        }
        Assert.That(continued, Is.InRange(1, trials * 3 / 4), "what the header has before the rows is written anew, and all else shows");

        FeatureFile Open() => FeatureFile.Open(file, images, columns: 2, FeatureType.Float32, "encoder");
    }

    /// <summary>Whatever of the file is spoilt, the images are those that were written or are refused.</summary>
    [Test]
    public void Files_of_decoded_images()
    {
        const string Source = "00112233445566778899aabbccddeeff";
        ImageData data = SyntheticImages.Create(3, 2, seed: 0, size: 8);
        string file = _folder["photos.images"];
        using (var writer = new ImageCacheWriter(file, 8, 5))
        {
            foreach (ImageSet images in (ImageSet[])[data.Train, data.Test])
            {
                images.Pixels.CopyTo(writer.Next(images.Count));
                writer.Keep(images.Count);
            }
            writer.Finish(data.Train.Count, Source, [new(IsTest: true, 1, "a damaged image")], _ => data.Fingerprint());
        }
        Spoil([file], () =>
        {
            ImageCache cache = ImageCache.TryOpen(file, Source, out string? fault) ?? throw new DataException($"{file}: {fault}");
            foreach ((PixelSource pixels, ImageSet images) in new[] { (cache.Train, data.Train), (cache.Test, data.Test) })
            {
                byte[] read = new byte[pixels.Length];
                pixels.Read(0, read);
                Assert.That(read, Is.EqualTo(images.Pixels));
            }
            Assert.That((cache.Fingerprint, cache.Faults.Single().Index), Is.EqualTo((data.Fingerprint(), 1)));
        });
    }

    [Test]
    public void States()
    {
        string file = _folder["state.safetensors"], original = Show(State());
        StateFile.Write(file, State());
        Spoil([file], () => Assert.That(Show(StateFile.Read(file)), Is.EqualTo(original), "a state that is not what was saved"));
    }

    [Test]
    public void States_whose_checksum_was_made_to_fit()
    {
        string file = _folder["state.safetensors"];
        StateFile.Write(file, State());
        (Dictionary<string, SafeTensor> tensors, Dictionary<string, string> metadata) = SafeTensors.Read(file);
        metadata.Remove("checksum");
        Try("metadata", random =>
        {
            var spoilt = new Dictionary<string, string>(metadata);
            string key = random.Next(2) == 0 ? "settings" : "position";
            spoilt[key] = Encoding.UTF8.GetString(Mutation.Of(Encoding.UTF8.GetBytes(spoilt[key]), random));
            spoilt["checksum"] = SafeTensors.Checksum(tensors, spoilt);
            SafeTensors.Write(file, tensors, spoilt);
            return new FileInfo(file).Length;
        }, () => StateFile.Read(file));
    }

    [Test]
    public void Settings()
    {
        using var folder = new RunWriter(_folder.Path, TimeSpan.Zero, Registry.Default);
        folder.WriteSettings(Given.Settings("method=byol preset=lightly train_images=100 threads=1 ema=0.9"));
        Spoil([folder.Run.ConfigPath], () =>
        {
            RunSettings settings = folder.Run.ReadSettings();
            Assert.That(settings.BatchSize, Is.GreaterThanOrEqualTo(2));
            Assert.That((settings.Method as ByolSettings)?.Loss.Kappa ?? 1, Is.InRange(1e-6, 1e6));
        });
    }

    private sealed class TinyEncoder : Encoder
    {
        private readonly Module<Tensor, Tensor> layers = Sequential(("conv", new ImageConvolution(3, 2, kernelSize: 1)), ("bn", BatchNorm2d(2, device: CPU)));

        public TinyEncoder()
            : base(nameof(TinyEncoder), featureDimension: 2) => RegisterComponents();

        protected override Encoder Fresh() => new TinyEncoder();

        protected override Tensor Maps(Tensor images) => layers.call(images);
    }

    /// <summary>A small state of a run in its second epoch.</summary>
    private static TrainingState State()
    {
        var tensors = new Dictionary<string, SafeTensor>
        {
            ["steps"] = new("I64", [], new byte[8]),
            ["weight"] = new("F32", [2, 3], [.. Enumerable.Range(0, 24).Select(i => (byte)i)]),
        };
        var position = new RunPosition
        {
            KnnAccuracyBefore = 0.25,
            Epochs = [new EpochMetrics(1, -1.5, 3.25, 1.75, 1.5, 3e-3, 1000, 12.5, 0.125, null, 0.5)],
            StepsDone = 7,
            MetricSums = [1, 2, 3, 4],
            Elapsed = TimeSpan.FromSeconds(3),
            Training = TimeSpan.FromSeconds(2),
            EpochTraining = TimeSpan.FromSeconds(1),
        };
        return new TrainingState(Registry.Default.Document.Write(Given.Settings("threads=1")), "0123456789abcdef", position, tensors, tensors);
    }

    private static string Show(TrainingState state) => JsonSerializer.Serialize(state);

    /// <summary>Spoils one of some sound files at a time, and reads.</summary>
    private static void Spoil(string[] files, Action read)
    {
        byte[][] sound = [.. files.Select(File.ReadAllBytes)];
        read();
        int last = 0;
        Try(string.Join(", ", files.Select(Path.GetFileName)), random =>
        {
            File.WriteAllBytes(files[last], sound[last]);
            last = random.Next(files.Length);
            byte[] spoilt = Mutation.Of(sound[last], random);
            File.WriteAllBytes(files[last], spoilt);
            return spoilt.Length;
        }, read);
    }

    /// <summary>Tries a reader's share of the mutations.</summary>
    /// <param name="what">What is read, for failures.</param>
    /// <param name="spoil">Spoils a file by the random numbers given; returns its length.</param>
    /// <param name="read">Reads it.</param>
    private static void Try(string what, Func<Random, long> spoil, Action read)
    {
        int trials = s_mutations / Readers, refused = 0;
        for (int trial = 0; trial < trials; trial++)
        {
            long length = spoil(new Random(trial));
            long before = GC.GetAllocatedBytesForCurrentThread(), allocated = 0;
            try
            {
                try
                {
                    read();
                }
                finally
                {
                    allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                }
            }
            catch (Exception e) when (e is DataException or InvalidDataException or UsageException)
            {
                refused++;
                Assert.That(e.Message, Is.Not.Empty.And.Not.Contain('\n').And.Length.LessThan(4001), $"{what}, mutation {trial}");
            }
            catch (Exception e) when (e is not AssertionException)
            {
                Assert.Fail($"{what}, mutation {trial}: {e}");
            }
            Assert.That(allocated, Is.LessThan((64 * length) + (16 << 20)), $"{what}, mutation {trial}: bytes allocated");
        }
        Assert.That(refused, Is.GreaterThan(trials / 4), $"{what}: mutations that were noticed");
    }
}
