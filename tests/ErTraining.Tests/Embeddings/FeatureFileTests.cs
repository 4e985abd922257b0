using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;
using ErLoss.Training.Embeddings;
using static TorchSharp.torch;

namespace ErTraining.Tests.Embeddings;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class FeatureFileTests : TensorTests, IDisposable
{
    private const int Columns = 3;

    private static readonly ImageListing s_images = ImageListing.Of(SyntheticImages.Create(5, 2, seed: 0));

    private readonly TemporaryDirectory _folder = new();

    private string FilePath => _folder["features.npy"];

    public void Dispose() => _folder.Dispose();

    [TestCase(FeatureType.Float32)]
    [TestCase(FeatureType.Float16)]
    public void NumPy_reads_it(object type)
    {
        Tensor features = randn(7, Columns);
        Write(FilePath, features, (FeatureType)type);
        NpyFile read = NpyFile.Read(FilePath);
        Assert.Multiple(() =>
        {
            Assert.That((read.Rows, read.Columns), Is.EqualTo((7, Columns)));
            Assert.That(read.Values, Is.EqualTo(features.to((FeatureType)type == FeatureType.Float16 ? ScalarType.Float16 : ScalarType.Float32).to(ScalarType.Float32).data<float>().ToArray()));
            Assert.That(Directory.GetFiles(_folder.Path), Has.Length.EqualTo(1), "nothing else is left");
        });
    }

    [Test]
    public void What_was_saved_before_the_process_ended_stays_and_the_file_becomes_the_same()
    {
        Tensor features = randn(7, Columns);
        Write(_folder["whole.npy"], features);
        using (FeatureFile killed = Open())
        {
            killed.Append(features.narrow(0, 0, 2));
            killed.Save();
            killed.Append(features.narrow(0, 2, 2)); // which nobody has heard of
        }
        using (FeatureFile again = Open())
        {
            Assert.That(again.Rows, Is.EqualTo(2));
            Assert.That(again.Finish, Throws.InvalidOperationException);
            again.Append(features.narrow(0, 2, 5));
            again.Finish();
        }
        Assert.That(File.ReadAllBytes(FilePath), Is.EqualTo(File.ReadAllBytes(_folder["whole.npy"])));
    }

    [Test]
    public void Images_that_are_left_out_have_no_row_and_are_known_again()
    {
        foreach (string name in (string[])["1.png", "2.png", "3.png", "4.png"])
        {
            File.WriteAllText(_folder[name], name);
        }
        Tensor features = randn(2, Columns);
        using (FeatureFile killed = Open(Listing()))
        {
            killed.Append(features.narrow(0, 0, 1), new UnreadableImage(0, "bad"), new UnreadableImage(2, "worse"));
            killed.Save();
        }
        string part = FilePath + ".part", progress = FilePath + ".progress";
        (byte[] rows, string saved) = (File.ReadAllBytes(part), File.ReadAllText(progress));
        foreach (DataSettings other in (DataSettings[])[new(), new() { SkipUnreadable = true, MaxPixels = 99 }])
        {
            using (FeatureFile anew = Open(Listing(other)))
            {
                Assert.That(anew.Done, Is.Zero, "what is left out would be another");
            }
            File.WriteAllBytes(part, rows);
        }
        foreach ((string was, string becomes) in new[] { ("\"Index\":2", "\"Index\":0"), ("\"Index\":2", "\"Index\":3"), ("\"bad\"", "null"), ("\"Rows\":1", "\"Rows\":2147483647") })
        {
            Assert.That(saved, Does.Contain(was));
            File.WriteAllText(progress, saved.Replace(was, becomes, StringComparison.Ordinal));
            Assert.That(FeatureProgress.TryRead(progress)?.Done, Is.Null.Or.GreaterThan(4), becomes);
        }
        File.WriteAllText(progress, saved);
        using (FeatureFile again = Open(Listing()))
        {
            Assert.That((again.Rows, again.Done, again.LeftOut.Count, again.LeftOut[1]), Is.EqualTo((1, 3, 2, new UnreadableImage(2, "worse"))));
            again.Append(features.narrow(0, 1, 1));
            again.Finish();
        }
        NpyFile read = NpyFile.Read(FilePath);
        Assert.That((read.Rows, read.Columns), Is.EqualTo((2, Columns)));
        Assert.That(read.Values, Is.EqualTo(features.data<float>().ToArray()));

        ImageListing Listing(DataSettings? settings = null) => ImageListing.Open((settings ?? new() { SkipUnreadable = true }) with { Source = _folder.Path }, seed: 0);
    }

    [TestCase("the encoder")]
    [TestCase("the type")]
    [TestCase("an image")]
    [TestCase("the rows")]
    [TestCase("fewer images")]
    public void Where_something_else_has_changed_it_begins_anew(string what)
    {
        using (FeatureFile killed = Open())
        {
            killed.Append(randn(5, Columns));
            killed.Save();
        }
        if (what == "the rows")
        {
            byte[] part = File.ReadAllBytes(FilePath + ".part");
            part[^1] ^= 1;
            File.WriteAllBytes(FilePath + ".part", part);
        }
        using FeatureFile again = what switch
        {
            "the encoder" => Open(computation: "another"),
            "the type" => Open(type: FeatureType.Float16),
            "an image" => Open(ImageListing.Of(SyntheticImages.Create(5, 2, seed: 1))),
            "fewer images" => Open(ImageListing.Of(SyntheticImages.Create(2, 2, seed: 0))),
            _ => Open(),
        };
        Assert.That(again.Rows, Is.Zero);
    }

    [Test]
    public void More_images_after_those_that_were_done_are_added()
    {
        ImageData data = SyntheticImages.Create(5, 2, seed: 0);
        using (FeatureFile killed = Open(ImageListing.Of(data with { Test = data.Test.Take(0) })))
        {
            killed.Append(randn(4, Columns));
            killed.Save();
        }
        using FeatureFile again = Open(ImageListing.Of(data));
        Assert.That(again.Rows, Is.EqualTo(4));
    }

    [Test]
    public void Numbers_that_the_type_does_not_hold_are_refused()
    {
        using FeatureFile file = Open(type: FeatureType.Float16);
        Assert.That(() => file.Append(full([1, Columns], 1e5f)), Throws.TypeOf<DataException>().With.Message.Contains("train/0 on are too large for float16; float32 is wanted"));
        Assert.That(() => file.Append(full([1, Columns], float.NaN)), Throws.TypeOf<DataException>().With.Message.Contains("not all finite numbers"));
    }

    [Test]
    public void Two_processes_cannot_write_the_same_file()
    {
        using FeatureFile file = Open();
        Assert.That(() => Open(), Throws.InstanceOf<IOException>());
    }

    [Test]
    public void The_table_has_a_line_for_each_image_in_order_and_marks_names_with_commas_and_quotes()
    {
        string table = _folder["table.csv"];
        ImageTable.Write(table, [new("a/1.png", "a", ""), new("train/b, or \"c\"/ü.png", "b, or \"c\"", "train")]);
        Assert.That(File.ReadAllText(table), Is.EqualTo("path,label,split\na/1.png,a,\n\"train/b, or \"\"c\"\"/ü.png\",\"b, or \"\"c\"\"\",train\n"));
    }

    private static void Write(string path, Tensor features, FeatureType type = FeatureType.Float32)
    {
        using FeatureFile file = FeatureFile.Open(path, s_images, Columns, type, "encoder");
        file.Append(features.narrow(0, 0, 4));
        file.Append(features.narrow(0, 4, 3));
        file.Finish();
    }

    private FeatureFile Open(ImageListing? images = null, FeatureType type = FeatureType.Float32, string computation = "encoder") =>
        FeatureFile.Open(FilePath, images ?? s_images, Columns, type, computation);
}
