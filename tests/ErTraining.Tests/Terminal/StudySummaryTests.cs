using ErLoss.Training.Studies;
using ErTraining.Terminal;
using ErTraining.Tests.Studies;
using Spectre.Console;

namespace ErTraining.Tests.Terminal;

internal sealed class StudySummaryTests
{
    [Test]
    public void A_value_that_looks_like_markup_heads_its_column_as_it_is()
    {
        StudyPlan plan = Sample.Plan("method=simclr objective=er batch_size=64 weights=plain,[red]spoilt[");
        using var written = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(written) });
        console.Profile.Width = 200;
        console.Write(StudySummary.Table(plan, StudyTable.Create(plan, Sample.Outcomes(plan, _ => 0.5))));
        Assert.That(written.ToString(), Does.Contain("Δ weights [red]spoilt["));
    }
}
