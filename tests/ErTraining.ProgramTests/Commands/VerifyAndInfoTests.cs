namespace ErTraining.Tests.Commands;

[Parallelizable] // with other fixtures whose work is done by processes of their own
internal sealed class VerifyAndInfoTests
{
    [Test]
    public void Verify_meets_every_published_figure_and_shows_the_exact_ones()
    {
        using var folder = new TemporaryDirectory();
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(folder.Path, "verify");
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.Zero, outcome.Output);
            Assert.That(outcome.Output, Does.Not.Contain("MISSED"));
            foreach (string figure in (string[])
                ["-249.308487", "-249.308334", "6.907612", "6.695544", "-1.19e-7", "-248.655258", "6.100685", "-99.225268", "-286.959668", "-1801.956335"])
            {
                Assert.That(outcome.Output, Does.Contain(figure));
            }
        });
    }
}
