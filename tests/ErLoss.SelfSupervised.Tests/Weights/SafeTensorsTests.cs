using System.Buffers.Binary;
using System.Text;
using ErLoss.SelfSupervised.Weights;

namespace ErLoss.SelfSupervised.Tests.Weights;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SafeTensorsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string FilePath => _directory["model.safetensors"];

    public void Dispose() => _directory.Dispose();

    [Test]
    public void What_is_written_is_read_back()
    {
        var tensors = new Dictionary<string, SafeTensor>
        {
            ["layer.weight"] = new("F32", [2, 3], Bytes(24)),
            ["scalar"] = new("F64", [], Bytes(8)),
            ["empty"] = new("I64", [0, 5], []),
            ["half"] = new("F16", [1, 1, 3], Bytes(6)),
            ["brain"] = new("BF16", [2], Bytes(4)),
            ["steps"] = new("I32", [1], Bytes(4)),
            ["short"] = new("I16", [1], Bytes(2)),
            ["signed"] = new("I8", [3], Bytes(3)),
            ["pixels"] = new("U8", [5], Bytes(5)),
            ["mask"] = new("BOOL", [2], [0, 1]),
            ["größe \"κ\"\n"] = new("U8", [1], [7]),
        };
        var metadata = new Dictionary<string, string> { ["method"] = "simclr", ["π"] = "\"a\\b\"\t" };

        SafeTensors.Write(FilePath, tensors, metadata);

        var read = SafeTensors.Read(FilePath);
        Assert.Multiple(() =>
        {
            Assert.That(read.Metadata, Is.EquivalentTo(metadata));
            Assert.That(read.Tensors.Keys, Is.EquivalentTo(tensors.Keys));
            foreach (var (name, tensor) in tensors)
            {
                Assert.That(read.Tensors[name].DType, Is.EqualTo(tensor.DType), name);
                Assert.That(read.Tensors[name].Shape, Is.EqualTo(tensor.Shape), name);
                Assert.That(read.Tensors[name].Data, Is.EqualTo(tensor.Data), name);
            }

            Assert.That(Directory.GetFiles(_directory.Path), Has.Length.EqualTo(1));
        });
    }

    [Test]
    public void The_bytes_are_those_of_the_specification()
    {
        SafeTensors.Write(
            FilePath,
            new Dictionary<string, SafeTensor> { ["b"] = new("U8", [2], [3, 4]), ["B"] = new("I16", [1, 1], [1, 2]) },
            new Dictionary<string, string> { ["k"] = "v" });

        const string Header =
            """{"__metadata__":{"k":"v"},"B":{"dtype":"I16","shape":[1,1],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""";
        byte[] expected = [136, 0, 0, 0, 0, 0, 0, 0, .. Encoding.ASCII.GetBytes(Header.PadRight(136)), 1, 2, 3, 4];
        Assert.That(File.ReadAllBytes(FilePath), Is.EqualTo(expected));
    }

    [Test]
    public void A_file_without_tensors_is_sound()
    {
        SafeTensors.Write(FilePath, new Dictionary<string, SafeTensor>());

        Assert.That(File.ReadAllBytes(FilePath), Is.EqualTo((byte[])[8, 0, 0, 0, 0, 0, 0, 0, .. "{}      "u8]));
        Assert.That(SafeTensors.Read(FilePath).Tensors, Is.Empty);
    }

    [Test]
    public void Order_in_the_header_is_free()
    {
        WriteFile("""{"y":{"data_offsets":[1,2],"shape":[],"dtype":"U8"},"x":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}""", [8, 9]);

        var tensors = SafeTensors.Read(FilePath).Tensors;

        Assert.That(tensors["x"].Data, Is.EqualTo([8]));
        Assert.That(tensors["y"].Data, Is.EqualTo([9]));
    }

    [TestCase("__metadata__", "U8", 1L, 1)]
    [TestCase("x", "U8", 2L, 1)]
    [TestCase("x", "U8", -1L, 1)]
    [TestCase("x", "F8", 1L, 1)]
    public void Tensors_that_do_not_fit_are_not_written(string name, string dtype, long length, int bytes)
    {
        var tensors = new Dictionary<string, SafeTensor> { [name] = new(dtype, [length], new byte[bytes]) };

        Assert.That(() => SafeTensors.Write(FilePath, tensors), Throws.ArgumentException.With.Message.Contains(name));
        Assert.That(File.Exists(FilePath), Is.False);
    }

    [TestCase("", "not a", TestName = "Nothing")]
    [TestCase("[]", "not a JSON object", TestName = "An array")]
    [TestCase("{", "not a", TestName = "Broken JSON")]
    [TestCase("""{"x":1}""", "has no dtype", TestName = "A number for a tensor")]
    [TestCase("""{"x":{"dtype":"U8","shape":[4]}}""", "has no data_offsets", TestName = "No offsets")]
    [TestCase("""{"x":{"dtype":8,"shape":[4],"data_offsets":[0,4]}}""", "wrong kind", TestName = "A number for a type")]
    [TestCase("""{"x":{"dtype":"U8","shape":["4"],"data_offsets":[0,4]}}""", "wrong kind", TestName = "Text for a length")]
    [TestCase("""{"x":{"dtype":"U8","shape":[4.5],"data_offsets":[0,4]}}""", "wrong kind", TestName = "A broken length")]
    [TestCase("""{"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4,4]}}""", "wrong kind", TestName = "Three offsets")]
    [TestCase("""{"x":{"dtype":"U9","shape":[4],"data_offsets":[0,4]}}""", "is of the type U9, which is not known here", TestName = "An unknown type")]
    [TestCase("""{"x":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}}""", "do not fit", TestName = "A negative length")]
    [TestCase("""{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,4]}}""", "do not fit", TestName = "Another length")]
    [TestCase("""{"x":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", "do not fit", TestName = "A product that overflows")]
    [TestCase("""{"x":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,4]}}""", "wrong kind", TestName = "A length that overflows")]
    [TestCase("""{"x":{"dtype":"U8","shape":[4],"data_offsets":[-4,0]}}""", "do not fit", TestName = "A negative offset")]
    [TestCase("""{"x":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}""", "do not fit", TestName = "Offsets the wrong way round")]
    [TestCase("""{"x":{"dtype":"U8","shape":[1152921504606846976],"data_offsets":[0,1152921504606846976]}}""", "at most 4", TestName = "A vast tensor")]
    [TestCase("""{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}""", "wanted 4, where the file ends", TestName = "Bytes at the end")]
    [TestCase("""{"x":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}}""", "wanted 0", TestName = "A gap at the start")]
    [TestCase("""{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", "wanted 1", TestName = "A gap")]
    [TestCase("""{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"y":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", "wanted 3", TestName = "An overlap")]
    [TestCase("""{"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", "x", TestName = "A name twice")]
    [TestCase("""{"\ud800":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", "not a", TestName = "Half a surrogate pair")]
    [TestCase("""{"x\ny":{"dtype":"U8","shape":[5],"data_offsets":[0,5]}}""", "at most 4", TestName = "A line end in a name")]
    [TestCase("""{"__metadata__":[],"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", "not an object of strings", TestName = "Metadata in an array")]
    [TestCase("""{"__metadata__":{"k":1},"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", "not an object of strings", TestName = "A number in the metadata")]
    public void A_malformed_header_is_refused(string header, string expected)
    {
        WriteFile(header, [1, 2, 3, 4]);

        AssertRefused(expected);
    }

    [TestCase(0UL)]
    [TestCase(3UL)]
    [TestCase(1UL << 60)]
    [TestCase(ulong.MaxValue)]
    public void A_header_length_that_is_not_true_is_refused(ulong length)
    {
        WriteFile("{}", []);
        var bytes = File.ReadAllBytes(FilePath);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        File.WriteAllBytes(FilePath, bytes);

        AssertRefused("not a safetensors file");
    }

    [Test]
    public void Every_truncated_file_is_refused()
    {
        var bytes = SmallFile();

        for (var length = 0; length < bytes.Length; length++)
        {
            File.WriteAllBytes(FilePath, bytes[..length]);
            AssertRefused("not a safetensors file");
        }
    }

    [Test]
    public void A_missing_file_is_no_malformed_file() =>
        Assert.That(() => SafeTensors.Read(FilePath), Throws.TypeOf<FileNotFoundException>());

    private void AssertRefused(string expected) =>
        Assert.That(
            () => SafeTensors.Read(FilePath),
            Throws.TypeOf<InvalidDataException>().With.Message.StartsWith(FilePath)
                .And.Message.Contains(expected).And.Message.Not.Contain('\n'));

    private byte[] SmallFile()
    {
        SafeTensors.Write(
            FilePath,
            new Dictionary<string, SafeTensor> { ["weight"] = new("F32", [2, 2], Bytes(16)), ["bias"] = new("F16", [2], Bytes(4)) },
            new Dictionary<string, string> { ["epoch"] = "3" });
        return File.ReadAllBytes(FilePath);
    }

    private void WriteFile(string header, byte[] data)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        File.WriteAllBytes(FilePath, [.. length, .. text, .. data]);
    }

    private static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(37 * i + 11))];
}
