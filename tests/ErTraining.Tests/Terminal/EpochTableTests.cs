using ErLoss.Training;
using ErTraining.Terminal;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ErTraining.Tests.Terminal;

internal sealed class EpochTableTests
{
    private static readonly EpochMetrics s_over = new(10, -1.285, -132.82, -131.54, -1.285, 3e-3, 1925, KnnAccuracy: 0.585, ViewRetrieval: 0.25), s_underWay = s_over with { Epoch = 11 };

    [TestCase(120, "epoch loss entropy reconstruction bound images/s kNN retrieval")]
    [TestCase(80, "epoch loss entropy reconstruction bound images/s kNN")]
    [TestCase(60, "epoch loss entropy bound kNN")]
    [TestCase(40, "epoch loss bound kNN")]
    [TestCase(20, "epoch loss")]
    public void A_narrow_terminal_has_fewer_columns_and_whole_numbers(int width, string headings)
    {
        string[] lines = Render(EpochTable.Create([s_over], s_underWay, width), width);
        Assert.Multiple(() =>
        {
            Assert.That(lines, Has.Length.EqualTo(6), "three borders, the headings and two epochs, each in one line");
            Assert.That(lines.Select(line => line.Length), Is.All.LessThanOrEqualTo(width));
            Assert.That(Words(lines[1]), Is.EqualTo(headings.Split(' ')));
            Assert.That(Words(lines[3])[0], Is.EqualTo("10"));
        });
    }

    [Test]
    public void Cells_are_those_of_the_epoch() =>
        Assert.That(Words(Render(EpochTable.Create([s_over], s_underWay, 80), 80)[3]), Is.EqualTo(["10", "-1.285", "-132.82", "-131.54", "-1.285", "1925", "58.5", "%"]));

    [Test]
    public void Without_labels_view_retrieval_takes_the_place_of_the_accuracy() =>
        Assert.That(
            Words(Render(EpochTable.Create([s_over with { KnnAccuracy = null }], s_underWay, 80), 80)[1]),
            Is.EqualTo("epoch loss entropy reconstruction bound images/s retrieval".Split(' ')));

    [TestCase(80)]
    [TestCase(60)]
    [TestCase(40)]
    public void The_bar_below_it_stays_in_one_line(int width) =>
        Assert.That(Render(ProgressLine.Bar(0.25, TimeSpan.FromMinutes(90), "losses and entropies in nats", width), width), Has.Length.EqualTo(1));

    private static string[] Words(string line) => line.Split([' ', '│'], StringSplitOptions.RemoveEmptyEntries);

    private static string[] Render(IRenderable what, int width)
    {
        using var written = new StringWriter { NewLine = "\n" };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(written) });
        console.Profile.Width = width;
        console.Profile.Capabilities.Unicode = true;
        console.Write(what);
        return written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
