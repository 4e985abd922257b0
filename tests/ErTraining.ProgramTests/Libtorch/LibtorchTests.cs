using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ErLoss.Training.Data;
using ErTraining.Libtorch;
using ErTraining.Tests.Commands;

namespace ErTraining.Tests.Libtorch;

/// <summary>The program with the libtorch of a folder, though its own lies beside it.</summary>
[Parallelizable] // with other fixtures whose work is done by processes of their own
[Platform("Linux")]
internal sealed class LibtorchTests
{
    private LibtorchCopy _libtorch = null!;
    private TemporaryDirectory _folder = null!;

    [OneTimeSetUp]
    public void CopyLibtorch() => _libtorch = new LibtorchCopy();

    [OneTimeTearDown]
    public void DeleteLibtorch() => _libtorch.Dispose();

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryDirectory();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void Info_names_the_folder_of_the_variable()
    {
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunInfoUpToEncoders(WithVariable(_libtorch.Lib, "info"));
        Assert.That(outcome.Error, Is.Empty);
        AssertInfo(outcome, "LIBTORCH", LibtorchCopy.Version);
    }

    [Test]
    public void A_library_that_is_cut_off_is_refused_in_a_line()
    {
        Directory.CreateDirectory(_folder["lib"]);
        using (FileStream whole = File.OpenRead(Path.Combine(_libtorch.Lib, "libtorch_cpu.so")), part = File.Create(_folder["lib/libtorch_cpu.so"]))
        {
            byte[] beginning = new byte[1_000_000];
            whole.ReadExactly(beginning);
            part.Write(beginning);
        }
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.Run(_folder.Path, "info", "--libtorch", "lib");
        Assert.That((outcome.ExitCode, outcome.Error.Count(letter => letter == '\n')), Is.EqualTo((2, 1)), outcome.Error);
        Assert.That(outcome.Error, Does.StartWith("error: --libtorch lib: libtorch does not load: ").And.Contain("is cut off: it has 1,000,000 bytes of "));
    }

    [Test]
    public void Info_names_the_folder_of_the_option_which_goes_before_the_variable_and_may_stand_before_the_command()
    {
        _libtorch.Declare("2.11.0");
        try
        {
            ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunInfoUpToEncoders(WithVariable("nowhere", $"--libtorch={_libtorch.Lib}", "info"));
            Assert.That(outcome.Error, Is.Empty, "2.11 was tried, too");
            AssertInfo(outcome, "--libtorch", "2.11.0");
        }
        finally
        {
            _libtorch.Declare(LibtorchCopy.Version);
        }
    }

    [Test]
    public void A_program_without_libtorch_says_what_it_wants()
    {
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.Run(WithoutLibtorch("info"));
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error.TrimEnd('\n'), Does.StartWith("error: no libtorch beside the program; --libtorch DIR").And.Not.Contains("\n"));
    }

    [Test]
    public void A_study_hands_the_option_on_to_its_cells_which_come_to_the_same_metrics_to_the_last_bit()
    {
        CifarWriter.Write(SyntheticImages.Create(128, 20, seed: 0), _folder["images"]);
        ProgramUnderTest.Outcome other = ProgramUnderTest.Run(WithoutLibtorch(
            "study", "--methods", "simclr", "--objectives", "er", "--batch-sizes", "64", "--epochs", "1", "--data", "images", "--threads", "1",
            "--libtorch", _libtorch.Torch, "--output", "study"));
        Assert.That(other.ExitCode, Is.Zero, other.Error);
        Assert.That(File.ReadAllText(_folder["study/study.json"]), Does.Contain("\"status\": \"finished\""));
        const string Cell = "study/cells/simclr-er-b64-s0";
        ProgramUnderTest.Outcome own = ProgramUnderTest.RunHere(_folder.Path, "train", "--config", $"{Cell}/config.json", "--output", "own");
        Assert.That(own.ExitCode, Is.Zero, own.Error);
        Assert.That(Metrics(Cell), Is.EqualTo(Metrics("own")));

        string Metrics(string run)
        {
            JsonNode metrics = JsonNode.Parse(File.ReadLines(_folder[$"{run}/metrics.jsonl"]).Single())!;
            Assert.That(metrics.AsObject().Remove("images_per_second"));
            return metrics.ToJsonString();
        }
    }

    [TestCase("--help")]
    [TestCase("train --help")]
    [TestCase("--version")]
    public void Help_and_version_need_none_and_are_no_error(string arguments)
    {
        ProgramUnderTest.Outcome outcome = RunWithVariable("nowhere", arguments.Split(' '));
        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")));
    }

    [TestCase("lib/../version.py", "__version__ = '2.10.0+cpu'", "--libtorch . --epochs 1", Description = "a training, which needs no command")]
    [TestCase("lib/../version.py", "__version__: str = \"2.11.1\"", "info --libtorch .")]
    [TestCase("lib/../build-version", "2.14.0+cpu\n", "info --libtorch .")]
    [TestCase("lib/note.txt", "of no version", "info --libtorch .")]
    public void A_folder_that_does_not_fit_is_refused(string file, string content, string line)
    {
        Directory.CreateDirectory(_folder["lib"]);
        File.WriteAllText(_folder["lib/libtorch_cpu.so"], "no library");
        File.WriteAllText(_folder[file], content);
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.Run(_folder.Path, line.Split(' '));
        Assert.That(outcome.ExitCode, Is.EqualTo(2), outcome.Error);
        Assert.That(outcome.Error.TrimEnd('\n'), Does.StartWith("error: --libtorch .: ").And.Contain("libtorch does not load: /").And.Not.Contains("\n"));
    }

    [TestCase("libshm.so", "libtorch does not load: libc10.so: cannot open shared object file")]
    [TestCase("libtorch.so", "libtorch of unknown version: 1,")]
    public void A_library_that_is_not_what_it_is_called_is_refused(string library, string says)
    {
        File.Copy(Path.Combine(LibtorchCopy.Original, library), _folder["libtorch_cpu.so"]);
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.Run(_folder.Path, "info", "--libtorch", ".");
        Assert.That(outcome.ExitCode, Is.EqualTo(2), outcome.Error);
        Assert.That(outcome.Error.TrimEnd('\n'), Does.StartWith($"error: --libtorch .: {says}").And.Not.Contains("\n"));
    }

    [Test]
    public void The_version_that_the_library_itself_says_counts_where_no_file_does()
    {
        string flat = _folder["flat"];
        Directory.Move(_libtorch.Lib, flat);
        string library = Path.Combine(flat, "libtorch_cpu.so");
        long place = FindVersion(library);
        try
        {
            Write(12);
            ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunInfoUpToEncoders(ProgramUnderTest.StartInfo(_folder.Path, "info", "--libtorch", flat));
            Assert.That(outcome.Output, Does.Match(@"libtorch +2\.12\.0\n"));
            Assert.That(outcome.Error, Does.Match(@"^warning: --libtorch \S+: libtorch 2\.12\.0 was not tried with this program; all 1,\d+ symbols there\.\n$"));
        }
        finally
        {
            Write(10);
            Directory.Move(flat, _libtorch.Lib);
        }

        void Write(byte minor)
        {
            using FileStream file = File.OpenWrite(library);
            file.Position = place;
            file.WriteByte(minor);
        }
    }

    [Test]
    public void A_version_that_was_not_tried_is_taken_if_it_has_every_symbol_and_refused_if_it_has_not()
    {
        _libtorch.Declare("2.14.0");
        try
        {
            ProgramUnderTest.Outcome taken = ProgramUnderTest.RunInfoUpToEncoders(ProgramUnderTest.StartInfo(_folder.Path, "info", "--libtorch", _libtorch.Torch));
            using (_libtorch.Without(LibtorchCopy.SymbolOfC10))
            {
                ProgramUnderTest.Outcome refused = ProgramUnderTest.Run(_folder.Path, "info", "--libtorch", _libtorch.Torch);
                Assert.Multiple(() =>
                {
                    Assert.That(refused.ExitCode, Is.EqualTo(2), refused.Output);
                    Assert.That(
                        refused.Error,
                        Does.Match(@"^error: --libtorch \S+: libtorch 2\.14\.0: 1 of 1,\d+ symbols missing, c10::\S+.* among them; wanted the torch/lib folder of PyTorch 2\.10 or 2\.11, or [^\n]*\n$"));
                });
            }
            Assert.Multiple(() =>
            {
                Assert.That(taken.Error, Does.Match(@"^warning: --libtorch \S+: libtorch 2\.14\.0 was not tried with this program; all 1,\d+ symbols there\.\n$"));
                Assert.That(taken.Output, Does.Match(@"compatibility +all 1,\d+ symbols there\n"));
            });
        }
        finally
        {
            _libtorch.Declare(LibtorchCopy.Version);
        }
    }

    private void AssertInfo(ProgramUnderTest.Outcome outcome, string askedBy, string version) => Assert.Multiple(() =>
    {
        string library = Path.Combine(_libtorch.Lib, "libtorch_cpu.so");
        Assert.That(outcome.Output, Does.Match($@"libtorch +{Regex.Escape(version)}\n"));
        Assert.That(outcome.Output, Does.Match($@"loaded from +{Regex.Escape(library)}\n"));
        Assert.That(outcome.Output, Does.Match($@"asked for by +{askedBy} "));
    });

    private ProgramUnderTest.Outcome RunWithVariable(string value, params IEnumerable<string> arguments) => ProgramUnderTest.Run(WithVariable(value, arguments));

    private ProcessStartInfo WithVariable(string value, params IEnumerable<string> arguments)
    {
        ProcessStartInfo start = ProgramUnderTest.StartInfo(_folder.Path, arguments);
        start.Environment[LibtorchFolder.Variable] = value;
        return start;
    }

    /// <summary>Starts a copy of the program that has no libtorch beside it.</summary>
    private ProcessStartInfo WithoutLibtorch(params IEnumerable<string> arguments)
    {
        string program = _folder["program"], native = Path.GetRelativePath(AppContext.BaseDirectory, LibtorchCopy.Original);
        Directory.CreateDirectory(Path.Combine(program, native));
        string[] files =
        [
            .. Directory.GetFiles(AppContext.BaseDirectory, "*.dll"), .. Directory.GetFiles(AppContext.BaseDirectory, "ErTraining.*json"),
            .. Directory.GetFiles(LibtorchCopy.Original, "*Sharp.so"),
        ];
        foreach (string file in files)
        {
            File.Copy(file, Path.Combine(program, Path.GetRelativePath(AppContext.BaseDirectory, file)));
        }
        ProcessStartInfo start = ProgramUnderTest.StartInfo(_folder.Path, arguments);
        start.ArgumentList[0] = Path.Combine(program, "ErTraining.dll");
        return start;
    }

    /// <summary>The place of the minor version in <c>aoti_torch_abi_version</c>, which on x64 loads a number and returns.</summary>
    private static long FindVersion(string library)
    {
        ReadOnlySpan<byte> code = [0x48, 0xb8, 0, 0, 0, 0, 0, 0, 10, 2, 0xc3];
        int place = File.ReadAllBytes(library).AsSpan().IndexOf(code);
        Assert.That(place, Is.Positive);
        return place + 8;
    }
}
