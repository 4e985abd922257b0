using ErTraining.Libtorch;

namespace ErTraining.Tests.Libtorch;

[Platform("Linux")]
internal sealed class ElfSymbolsTests
{
    private static string Bridge => Path.Combine(LibtorchCopy.Original, "libLibTorchSharp.so");

    [Test]
    public void What_a_library_asks_for_are_the_symbols_that_it_calls_but_none_of_the_system_s()
    {
        string[] wanted = [.. ElfSymbols.Read(Bridge).Wanted];
        Assert.Multiple(() =>
        {
            Assert.That(wanted, Has.Length.GreaterThan(1000).And.Unique);
            Assert.That(wanted, Does.Contain(LibtorchCopy.SymbolOfC10).And.Some.StartsWith("_ZN2at4_ops"));
            Assert.That(wanted, Has.None.EqualTo("memcpy").And.None.EqualTo("__gmon_start__").And.None.StartsWith("THSTensor_"));
        });
    }

    [Test]
    public void What_a_library_has_is_what_others_can_call()
    {
        HashSet<string> defined = [.. ElfSymbols.Read(Bridge).Defined];
        Assert.That(defined, Does.Contain("THSTensor_pin_memory").And.Not.Contain("memcpy"));
    }

    [Test]
    public void The_package_s_own_libtorch_has_it_all()
    {
        LibtorchCompatibility compatibility = LibtorchCompatibility.Check(Bridge, LibtorchCopy.Original);
        Assert.That(compatibility.Missing, Is.Empty);
        Assert.That(compatibility.Describe(), Is.EqualTo($"all {compatibility.Wanted:n0} symbols there"));
    }

    [Test]
    public void Of_a_folder_without_libraries_all_is_missing_and_one_is_named_as_in_C_plus_plus()
    {
        using var folder = new TemporaryDirectory();
        LibtorchCompatibility compatibility = LibtorchCompatibility.Check(Bridge, folder.Path);
        Assert.That(compatibility.Missing, Has.Count.EqualTo(compatibility.Wanted));
        Assert.That(new LibtorchCompatibility(1204, ["_ZN2at6detail18createCPUGeneratorEm", "x"]).Describe(), Is.EqualTo(
            "2 of 1,204 symbols missing, at::detail::createCPUGenerator(unsigned long) among them"));
    }

    [Test]
    public void Of_no_library_or_a_part_of_one_nothing_is_read()
    {
        using var folder = new TemporaryDirectory();
        byte[] whole = File.ReadAllBytes(Path.Combine(LibtorchCopy.Original, "libtorch.so"));
        var random = new Random(1);
        Assert.Multiple(() =>
        {
            foreach (byte[] content in (byte[][])[[], [1, 2, 3], whole[..60], whole[..^100], whole[..(whole.Length / 2)], "no library, but longer than the header of one would have to be"u8.ToArray()])
            {
                File.WriteAllBytes(folder["library"], content);
                Assert.That(() => ElfSymbols.Read(folder["library"]), Throws.InstanceOf<BadImageFormatException>(), $"{content.Length} bytes");
            }
            for (int trial = 0; trial < 500; trial++)
            {
                byte[] spoilt = [.. whole];
                spoilt[random.Next(trial % 2 == 0 ? 64 : spoilt.Length)] = (byte)random.Next(256);
                File.WriteAllBytes(folder["library"], spoilt);
                try
                {
                    ElfSymbols symbols = ElfSymbols.Read(folder["library"]);
                    Assert.That(symbols.Wanted.Count() + symbols.Defined.Count(), Is.LessThan(1000));
                }
                catch (BadImageFormatException)
                {
                    // What is to be said of such a file.
                }
            }
        });
    }
}
