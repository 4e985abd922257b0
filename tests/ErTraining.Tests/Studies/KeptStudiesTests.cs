using System.Text.Json;
using System.Text.Json.Nodes;
using ErLoss.Package.Tests;
using ErLoss.Training;
using ErLoss.Training.Runs;
using ErLoss.Training.Studies;

namespace ErTraining.Tests.Studies;

/// <summary>The studies in the repository: what their documents say is what the program makes of their cells.</summary>
internal sealed class KeptStudiesTests
{
    private static string StudiesFolder => Path.Combine(Repository.Root, "studies");

    private static IEnumerable<string> Kept => from path in Directory.GetDirectories(StudiesFolder) select Path.GetFileName(path);

    [TestCaseSource(nameof(Kept))]
    public void Study_has_every_cell_and_its_tables_and_verdicts_are_those_of_the_cells(string name)
    {
        string path = Path.Combine(StudiesFolder, name);
        JsonNode kept = JsonNode.Parse(File.ReadAllText(Path.Combine(path, "study.json")))!;
        StudySettings settings = kept["settings"].Deserialize<StudySettings>(JsonFormat.Document)!;
        int images = kept["cells"]![0]!["result"]!["images"]!.GetValue<int>();
        StudyPlan plan = new(settings, new SharedCellSettings(Registry.Default, [.. settings.Training.Select(Word)]), images);
        using var folder = new StudyFolder(path, Registry.Default);
        CellOutcome[] outcomes = [.. plan.Cells.Select(folder.Kept).OfType<CellOutcome>()];
        Assert.Multiple(() =>
        {
            Assert.That(settings.ValuesOf(StudyAxis.Seed), Has.Count.AtLeast(3), "a figure without an interval is none");
            Assert.That(outcomes, Has.Length.EqualTo(plan.Cells.Count));
            Assert.That(folder.CountOthers(plan.Cells), Is.Zero, "cells that are not of the study");
            Assert.That(File.Exists(Path.Combine(StudiesFolder, $"{name}.args")), "the options that it was made with");
        });
        JsonNode made = JsonSerializer.SerializeToNode(StudyDocument.Create(plan, outcomes, folder.Cells.NameOf), JsonFormat.Document)!;
        Assert.That(Differences(kept, made, "").Take(5), Is.Empty);
    }

    [Test]
    public void A_study_is_kept() => Assert.That(Kept, Is.Not.Empty);

    private static (string Word, string Value) Word(string setting) => setting.Split('=', 2) is [var word, var value] ? (word, value) : throw new FormatException(setting);

    /// <summary>Where two documents differ. Numbers may by their rounding, as libraries of mathematics do.</summary>
    private static IEnumerable<string> Differences(JsonNode? kept, JsonNode? made, string path) => (kept, made) switch
    {
        (JsonObject one, JsonObject other) => one.Select(member => member.Key).Union(other.Select(member => member.Key))
            .SelectMany(key => Differences(one[key], other[key], $"{path}.{key}")),
        (JsonArray one, JsonArray other) when one.Count == other.Count => one.Zip(other).SelectMany((pair, i) => Differences(pair.First, pair.Second, $"{path}[{i}]")),
        (JsonValue one, JsonValue other) when one.GetValueKind() == JsonValueKind.Number && other.GetValueKind() == JsonValueKind.Number
            && Math.Abs(Number(one) - Number(other)) <= 1e-9 * (1 + Math.Abs(Number(one))) => [],
        _ => JsonNode.DeepEquals(kept, made) ? [] : [$"{path}: {kept} is kept, {made} is made"],
    };

    private static double Number(JsonValue value) => JsonSerializer.Deserialize<double>(value.ToJsonString());
}
