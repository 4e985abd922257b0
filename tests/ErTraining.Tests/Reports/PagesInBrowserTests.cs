using System.Text.Json;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Studies;
using ErTraining.Reports;
using ErTraining.Tests.Studies;
using PuppeteerSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Reports;

/// <summary>The pages as a browser shows them, in one Chromium for all.</summary>
internal sealed class PagesInBrowserTests
{
    private static readonly string[] s_arguments =
        ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    private TemporaryDirectory _folder = null!;
    private IBrowser _browser = null!;

    [OneTimeSetUp]
    public async Task WritePagesAndStartABrowser()
    {
        _folder = new TemporaryDirectory();
        if (InstalledBrowser.Find() is not { } file)
        {
            Assert.Ignore("No browser is installed to open the pages in. The package chromium of Debian has one: apt-get install chromium.");
            return;
        }
        Task<IBrowser> starting = Puppeteer.LaunchAsync(new LaunchOptions { ExecutablePath = file, Headless = true, UserDataDir = _folder["browser"], Args = s_arguments });
        ImageData images = SyntheticImages.Create(16, 30, seed: 0);
        WriteRun("run.html", "epochs=2 batch_size=8", images);
        WriteRun("unlabelled.html", "epochs=0 batch_size=8", new ImageData("photos", new ImageSet(images.Train.Pixels), new ImageSet(images.Test.Pixels)));
        WriteStudy();
        WriteSearch(images);
        _browser = await starting;
    }

    [OneTimeTearDown]
    public async Task StopBrowser()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }
        _folder.Dispose();
    }

    [TestCase("run.html")]
    [TestCase("unlabelled.html")]
    [TestCase("study.html")]
    [TestCase("search.html")]
    public async Task A_page_fits_a_phone_and_a_desk_in_light_and_dark_without_any_fault(string name)
    {
        await using IPage page = await _browser.NewPageAsync();
        List<string> faults = await Open(page, name);
        foreach ((int width, string scheme, string background) in ((int, string, string)[])[(390, "light", "rgb(255, 255, 255)"), (1280, "dark", "rgb(22, 24, 27)")])
        {
            await page.SetViewportAsync(new ViewPortOptions { Width = width, Height = 844 });
            await page.EmulateMediaFeaturesAsync([new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = scheme }]);
            JsonElement seen = await page.EvaluateExpressionAsync<JsonElement>(
                "({ wide: document.documentElement.scrollWidth, background: getComputedStyle(document.body).backgroundColor, images: [...document.images].every(image => image.naturalWidth > 0) })");
            Assert.Multiple(() =>
            {
                Assert.That(seen.GetProperty("wide").GetInt32(), Is.LessThanOrEqualTo(width), "it does not scroll sideways");
                Assert.That(seen.GetProperty("background").GetString(), Is.EqualTo(background));
                Assert.That(seen.GetProperty("images").GetBoolean(), "all pictures are shown");
            });
        }
        Assert.That(faults, Is.Empty);
    }

    [Test]
    public async Task A_map_shows_the_image_at_a_point_and_its_place_in_the_other_map_and_where_a_class_is()
    {
        await using IPage page = await _browser.NewPageAsync();
        List<string> faults = await Open(page, "run.html");
        IElementHandle[] points = await page.QuerySelectorAllAsync("svg.map circle:not(.mark)");
        Assert.That(points, Has.Length.EqualTo(60), "of thirty images before and after training");
        Assert.That(await Shown(), Is.EqualTo("nothing"));

        await points[^1].HoverAsync();
        Assert.That(await Shown(), Does.Match(@"^\d+ \d+ 32 32, (\w+|\w+, which kNN takes for \w+), 2 marks$"));
        string hovered = await Shown();
        await page.FocusAsync("svg.map");
        await page.Keyboard.PressAsync("ArrowRight");
        Assert.That(await Shown(), Does.StartWith("0 0 32 32, "), "keys begin at the first image");
        await page.Keyboard.PressAsync("ArrowDown");
        Assert.That(await Shown(), Does.EndWith("2 marks").And.Not.EqualTo(hovered));
        await page.Keyboard.PressAsync("Escape");
        Assert.That(await Shown(), Is.EqualTo("nothing"));

        await page.ClickAsync(".key");
        string[] clear = await page.EvaluateExpressionAsync<string[]>("[...new Set([...document.querySelectorAll('svg.map circle:not(.mark)')].filter(circle => getComputedStyle(circle).opacity === '1').map(circle => circle.getAttribute('class')))]");
        Assert.That(clear, Is.EqualTo((string[])["c0"]));
        Assert.That(faults, Is.Empty);

        Task<string> Shown() => page.EvaluateFunctionAsync<string>("""
            () => {
                const spot = document.querySelector('.spot');
                return spot.hidden ? 'nothing' : `${spot.querySelector('svg').getAttribute('viewBox')}, ${spot.textContent}, ${document.querySelectorAll('.mark.on').length} marks`;
            }
            """);
    }

    /// <summary>Opens a page; returns what goes wrong on it from then on, requests for other files among it.</summary>
    private async Task<List<string>> Open(IPage page, string name)
    {
        List<string> faults = [];
        string address = new Uri(_folder[name]).AbsoluteUri;
        page.PageError += (_, fault) => faults.Add(fault.Message);
        page.Console += (_, written) => faults.Add(written.Message.Text);
        page.Request += (_, request) =>
        {
            if (request.Request.Url != address && !request.Request.Url.StartsWith("data:", StringComparison.Ordinal))
            {
                faults.Add(request.Request.Url);
            }
        };
        await page.GoToAsync(address);
        return faults;
    }

    private void WriteRun(string name, string line, ImageData images)
    {
        RunSettings settings = Given.Settings(line);
        using var trainer = new Trainer(Registry.Default, settings, images, CPU);
        RunResult result = trainer.Run(CancellationToken.None);
        RunPictures pictures = RunPictures.Draw(Registry.Default, settings, images.Train.ClassNames, result, trainer);
        Report.Write(_folder[name], Registry.Default, settings, images, result, pictures);
    }

    private void WriteStudy()
    {
        StudyPlan plan = Sample.Plan("method=simclr,byol,dino,swav objective=native,er batch_size=512,64 ema=0.99,0.8 seed=0,1");
        IReadOnlyList<CellOutcome> outcomes = Sample.Outcomes(plan, cell => 0.4 + 0.1 * cell.Seed);
        using StudyFigure? figure = StudyFigure.Create(plan, outcomes);
        StudyReport.Write(_folder["study.html"], plan, outcomes, Sample.Images, figure);
    }

    private void WriteSearch(ImageData images)
    {
        using var test = new ImageTensors(images.Test, CPU);
        byte[][] pictures = [.. Enumerable.Range(0, 12).Select(i => ImageSheet.Png(test.Range(i, 1).to(ScalarType.Float32) / byte.MaxValue))];
        string longName = string.Concat(Enumerable.Repeat("a_longNamename_without_a_place_to_break_", 4));
        SearchPage.Write(
            _folder["search.html"],
            $"{longName}.png",
            pictures[0],
            [.. pictures.Select((png, i) => new SearchPage.Match(new ListedImage($"folder/{longName}{i}.png", "cat", ""), null, 1 - i / 20.0, png))],
            "12 images of a folder; convnet");
    }
}
