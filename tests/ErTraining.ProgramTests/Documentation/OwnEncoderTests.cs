using System.Text.Json;
using ErLoss.Package.Tests;
using ErLoss.Training.Data;
using ErTraining.Tests.Commands;

namespace ErTraining.Tests.Documentation;

/// <summary>The program of docs/your-own-encoder.md, compiled from the page against what is public, and run: a study in a process of its own, which it starts again for its cell.</summary>
[Parallelizable] // with other fixtures whose work is done by processes of their own
internal sealed class OwnEncoderTests
{
    [Test]
    public void The_program_of_the_page_trains_and_evaluates_its_encoder_and_a_study_starts_it_again()
    {
        using var folder = new TemporaryDirectory();
        CifarWriter.Write(SyntheticImages.Create(64, 20, seed: 0), folder["images"]);
        using var program = new OwnProgram("MyTraining", MarkdownFile.All.Single(file => file.Name == "docs/your-own-encoder.md").CodeBlocks("cs").Single().Code);
        ProgramUnderTest.Outcome trained = program.RunHere(folder, "train --data images --encoder patches --width 24 --batch-size 32 --epochs 1 --evaluations 1 --output run");
        ProgramUnderTest.Outcome evaluated = program.RunHere(folder, "evaluate --checkpoint run --output result.json");
        ProgramUnderTest.Outcome refused = program.RunHere(folder, "train --encoder patches --width 0");
        ProgramUnderTest.Outcome studied = program.Run(
            folder, "study --methods simclr --objectives er --batch-sizes 32 --epochs 1 --data images --encoder patches --width 8 --precision bfloat16 --linear-probe false --output study");
        Assert.Multiple(() =>
        {
            Assert.That(trained.ExitCode, Is.Zero, trained.Error);
            Assert.That(evaluated.ExitCode, Is.Zero, evaluated.Error);
            Assert.That(JsonElement.Parse(File.ReadAllText(folder["result.json"])).GetProperty("feature_dimension").GetInt32(), Is.EqualTo(24));
            Assert.That(refused.ExitCode, Is.EqualTo(2));
            Assert.That(refused.Error, Does.StartWith("error: --width is 0"));
            Assert.That(studied.ExitCode, Is.Zero, studied.Error);
        });
    }
}
