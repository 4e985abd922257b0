namespace ErTraining.Tests.Commands;

[Parallelizable] // with other fixtures whose work is done by processes of their own
internal sealed class VerifyAndInfoTests
{
    [Test]
    public void Verify_meets_every_published_figure_and_shows_the_exact_ones()
    {
        using var folder = new TemporaryDirectory();
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.Run(folder.Path, "verify");
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

    [Test]
    public void Info_says_what_would_run_where()
    {
        using var folder = new TemporaryDirectory();
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.Run(folder.Path, "info");
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.Zero, outcome.Error);
            Assert.That(outcome.Output, Does.Match(@"TorchSharp\s+0\.107\.0").And.Match(@"libtorch\s+2\.10\.0"));
            Assert.That(outcome.Output, Does.Match(@"loaded from\s+\S*torch_cpu").And.Match(@"resnet18\s+cifar stem at 32x32: features").And.Match(@"resnet18\s+imagenet stem at 64x64: features").And.Match(@"kernels\s+Fused, Composed, Attention"));
        });
    }

    [TestCase("--help")]
    [TestCase("train --help")]
    public void Help_is_no_error(string arguments)
    {
        using var folder = new TemporaryDirectory();
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.Run(folder.Path, arguments.Split(' '));
        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")));
    }
}
