using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;

namespace ErTraining.Tests.Commands;

[Parallelizable] // with other fixtures whose work is done by processes of their own
internal sealed class TrainCommandTests
{
    private static readonly string[] s_byDefault = ["--train-images", "96", "--test-images", "50", "--epochs", "2", "--batch-size", "32", "--output", "run"];

    private static readonly string[] s_resultMembers =
    [
        "method", "objective", "device", "seed", "epochs", "images", "test_images", "seconds", "images_per_second", "knn_accuracy_before", "knn_accuracy",
        "knn_accuracy_before_interval", "knn_accuracy_interval", "class_accuracy",
        "loss", "entropy", "reconstruction", "mutual_information_bound", "view_retrieval_before", "view_retrieval", "used", "labelled_images", "labelled_test_images",
    ];

    private static readonly string[] s_metricsMembers =
        ["epoch", "loss", "entropy", "reconstruction", "mutual_information_bound", "learning_rate", "images_per_second"];

    private TemporaryDirectory _shared = null!, _folder = null!;
    private ProgramUnderTest.Outcome _outcome = null!;

    /// <summary>
    /// One run in a process of its own, which no test changes. Fewer test images than the two thousand that come with the built-in images, since they are evaluated three times a run.
    /// </summary>
    [OneTimeSetUp]
    public void TrainOnce()
    {
        _shared = new TemporaryDirectory();
        _outcome = ProgramUnderTest.Run(_shared.Path, s_byDefault);
        Assert.That(_outcome.ExitCode, Is.Zero, _outcome.Error);
    }

    [OneTimeTearDown]
    public void DeleteShared() => _shared.Dispose();

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryDirectory();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void Without_a_command_it_trains_and_leaves_what_the_contract_names()
    {
        using JsonDocument result = JsonDocument.Parse(File.ReadAllText(_shared["run/result.json"]));
        using JsonDocument settings = JsonDocument.Parse(File.ReadAllText(_shared["run/config.json"]));
        JsonElement[] epochs = [.. File.ReadLines(_shared["run/metrics.jsonl"]).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Multiple(() =>
        {
            Assert.That(result.RootElement.EnumerateObject().Select(member => member.Name), Is.EquivalentTo(s_resultMembers));
            Assert.That(result.RootElement.GetProperty("method").GetString(), Is.EqualTo("simclr"));
            Assert.That(result.RootElement.GetProperty("objective").GetString(), Is.EqualTo("er"));
            Assert.That(result.RootElement.GetProperty("images").GetInt32(), Is.EqualTo(96));
            Assert.That(settings.RootElement.GetProperty("batch_size").GetInt32(), Is.EqualTo(32));
            foreach (JsonElement used in new[] { settings, result }.Select(document => document.RootElement.GetProperty("used")))
            {
                Assert.That(used.GetProperty("feature_dimension").GetInt32(), Is.EqualTo(256));
                Assert.That(used.GetProperty("knn_neighbours").GetInt32(), Is.EqualTo(9));
                Assert.That(used.GetProperty("warmup_epochs").GetDouble(), Is.EqualTo(0.2).Within(1e-12), "a tenth of the epochs");
            }
            Assert.That(epochs, Has.Length.EqualTo(2));
            Assert.That(epochs[0].EnumerateObject().Select(member => member.Name), Is.SupersetOf(s_metricsMembers));
            Assert.That(
                epochs[1].GetProperty("knn_accuracy").GetDouble(), Is.EqualTo(result.RootElement.GetProperty("knn_accuracy").GetDouble()));
            Assert.That(new FileInfo(_shared["run/checkpoint/model.safetensors"]).Length, Is.GreaterThan(100_000));
            Assert.That(_outcome.Output, Does.Contain("epoch 2/2").And.Match(
                @"kNN accuracy on the test images: [\d.]+ ?% \([\d.]+ ?% to [\d.]+ ?%\) before training, [\d.]+ ?% \([\d.]+ ?% to [\d.]+ ?%\) after: [+-]?[\d.]+ points \([+-][\d.]+ to [+-][\d.]+; 95% confidence intervals in brackets\)\."));
            Assert.That(
                _outcome.Output,
                Does.Match(@"Mutual information of the views' projections, lower bound as estimated: -?[\d.]+ nats\. Entropy in the loss: -[\d.]+, reconstruction: -[\d.]+\."));
            Assert.That(_outcome.Output, Does.Not.Contain("\e"), "a pipe gets no terminal codes");
        });
    }

    [Test]
    public void An_optimizer_trains_at_its_own_learning_rate_where_none_is_given()
    {
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, [.. s_byDefault, "--optimizer", "lars", "--keep-own"]);
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
        using JsonDocument settings = JsonDocument.Parse(File.ReadAllText(_folder["run/config.json"]));
        Assert.Multiple(() =>
        {
            Assert.That(settings.RootElement.GetProperty("optimizer").GetProperty("name").GetString(), Is.EqualTo("lars"));
            Assert.That(settings.RootElement.GetProperty("optimizer").GetProperty("learning_rate").GetDouble(), Is.EqualTo(1));
            Assert.That(Losses(_folder["run"])[1], Is.LessThan(Losses(_folder["run"])[0]));
            Assert.That(File.Exists(_folder["run/pictures/loss.svg"]), Is.False, "with the own kernels the loss is the bound's negative, and one panel shows both");
        });
    }

    [Test]
    public void The_report_is_one_page_that_needs_no_other_file()
    {
        string page = File.ReadAllText(_shared["run/report.html"]);
        Assert.Multiple(() =>
        {
            Assert.That(page.Split("class=\"curve\""), Has.Length.EqualTo(8), "seven panels of curves");
            Assert.That(page, Does.Match(@"<text[^>]*>\s*epoch\s*</text>"), "words in the curves, fonts or no fonts on this machine");
            Assert.That(page, Does.Contain("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">").And.Contain("prefers-color-scheme: dark"));
            Assert.That(page, Does.Contain("data:image/png;base64,iVBOR"));
            Assert.That(page, Does.Contain("kNN accuracy after").And.Contain("mutual-information bound").IgnoreCase);
            Assert.That(page, Does.Not.Match("(src|href)=\"(?!data:|#)"), "a reference to another file");
        });
    }

    [Test]
    public void The_pictures_of_the_report_are_files_too()
    {
        string page = File.ReadAllText(_shared["run/report.html"]);
        string[] names =
        [
            "bound.svg", "class-accuracy.svg", "confusion.svg", "effective-rank.svg", "entropy-and-reconstruction.svg", "knn-accuracy.svg", "loss.svg", "map-after.svg", "map-before.svg", "mean-cosine.svg",
            "neighbours-after.png", "neighbours-before.png", "view-retrieval.svg", "views.png",
        ];
        Assert.That(Directory.GetFiles(_shared["run/pictures"]).Select(Path.GetFileName), Is.EquivalentTo(names));
        Assert.Multiple(() =>
        {
            foreach (string name in names)
            {
                byte[] picture = File.ReadAllBytes(_shared[$"run/pictures/{name}"]);
                if (name.EndsWith(".png", StringComparison.Ordinal))
                {
                    Assert.That(page, Does.Contain($"base64,{Convert.ToBase64String(picture)}\""), name);
                }
                else
                {
                    XElement svg = XDocument.Parse(Encoding.UTF8.GetString(picture)).Root!;
                    Assert.That(svg.Name.LocalName, Is.EqualTo("svg"), name);
                    string title = svg.Descendants().First(element => element.Name.LocalName == "text").Value.Trim();
                    Assert.That(WebUtility.HtmlDecode(page), Does.Contain(title), name);
                }
            }
        });
    }

    [Test]
    public void A_run_s_own_config_repeats_it_to_the_last_bit()
    {
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, "train", "--config", _shared["run/config.json"], "--output", "again");
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
        Assert.Multiple(() =>
        {
            Assert.That(Losses(_folder["again"]), Is.EqualTo(Losses(_shared["run"])));
            Assert.That(Digest.OfFile(_folder["again/checkpoint/model.safetensors"]), Is.EqualTo(Digest.OfFile(_shared["run/checkpoint/model.safetensors"])));
            Assert.That(File.ReadAllText(_folder["again/config.json"]), Is.EqualTo(File.ReadAllText(_shared["run/config.json"])));
        });
    }

    [Test]
    public void A_folder_that_holds_a_run_is_not_overwritten()
    {
        string before = File.ReadAllText(_shared["run/metrics.jsonl"]);
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_shared.Path, s_byDefault);
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.EqualTo(2));
            Assert.That(outcome.Error, Does.Contain("a run is already here"));
            Assert.That(File.ReadAllText(_shared["run/metrics.jsonl"]), Is.EqualTo(before));
        });
    }

    [Test]
    public void Synthesized_files_are_read_back_as_a_data_set()
    {
        ProgramUnderTest.Outcome made = ProgramUnderTest.RunHere(_folder.Path, "synthesize", "--output", "images", "--images", "300", "--seed", "4");
        ProgramUnderTest.Outcome trained = ProgramUnderTest.RunHere(
            _folder.Path, "train", "--data", "images", "--objective", "native", "--epochs", "1", "--batch-size", "100", "--output", "run");
        Assert.Multiple(() =>
        {
            Assert.That(made.ExitCode, Is.Zero, made.Error);
            Assert.That(trained.ExitCode, Is.Zero, trained.Error);
            Assert.That(trained.Output, Does.Contain("300 training and 60 test images"));
        });

        ProgramUnderTest.Outcome again = ProgramUnderTest.RunHere(_folder.Path, "synthesize", "--output", "images", "--images", "10");
        Assert.That(again.ExitCode, Is.EqualTo(2));
        Assert.That(again.Error, Does.Contain("CIFAR files are here already"));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "Windows has no signals to send to another process.")]
    public void An_interrupt_saves_the_weights_and_exits_with_130()
    {
        using Process process = ProgramUnderTest.Start(_folder.Path, [.. s_byDefault.Select(word => word == "2" ? "100000" : word)]);
        ProgramUnderTest.ReadUntil(process, "epoch 1/");
        ProgramUnderTest.Signal(process, IgnoresInterrupts(process) ? "TERM" : "INT"); // a shell has what it starts in the background ignore Ctrl-C
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Multiple(() =>
        {
            Assert.That(process.ExitCode, Is.EqualTo(130), error);
            Assert.That(error, Does.StartWith("Interrupted"));
            Assert.That(SafeTensorsLength(), Is.GreaterThan(100_000));
        });

        long SafeTensorsLength() => new FileInfo(_folder["run/checkpoint/model.safetensors"]).Length;

        static bool IgnoresInterrupts(Process process)
        {
            const string Ignored = "SigIgn:"; // the mask of ignored signals in proc_pid_status(5), in which bit 1 is SIGINT
            return OperatingSystem.IsLinux()
                && (Convert.ToUInt64(File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith(Ignored, StringComparison.Ordinal))[Ignored.Length..].Trim(), 16) & 2) != 0;
        }
    }

    private static double[] Losses(string run) =>
        [.. File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("loss").GetDouble())];
}
