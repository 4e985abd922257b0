using System.Text;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training;
using ErLoss.Training.Data;
using static TorchSharp.torch;

namespace ErTraining.Reports;

/// <summary>A few test images, a row each, with the training images whose features are nearest: what an encoder takes for alike.</summary>
/// <param name="Png">A picture of all: the test image first in its row, then its neighbours, nearest first.</param>
/// <param name="Rows">The class of each test image, and those of its neighbours, in the order of the picture; the name of an image without a label is empty.</param>
/// <param name="Size">Height and width of an image in the picture.</param>
internal sealed record NeighbourSheet(byte[] Png, IReadOnlyList<(string Class, IReadOnlyList<string> OfNeighbours)> Rows, int Size)
{
    private const int NeighboursOnPhones = 4;

    /// <summary>Draws the picture.</summary>
    /// <param name="evaluation">Says which images, and which are nearest.</param>
    /// <param name="train">Where neighbours were looked for.</param>
    /// <param name="test">The first few are shown.</param>
    /// <param name="classNames">Names of the classes, by label; empty if they are not to be told.</param>
    public static NeighbourSheet Draw(FeatureEvaluation evaluation, ImageTensors train, ImageTensors test, IReadOnlyList<string> classNames)
    {
        using var scope = NewDisposeScope();
        var images = new List<Tensor>();
        var rows = new List<(string, IReadOnlyList<string>)>();
        foreach ((long query, long[] nearest) in evaluation.Queries.Zip(evaluation.Neighbours))
        {
            Tensor queryIndex = tensor((long[])[query], device: test.Device), indices = tensor(nearest, device: train.Device);
            images.Add(Pixels.ToUnit(cat([test.Select(queryIndex), train.Select(indices)])));
            rows.Add((Names(test, queryIndex)[0], Names(train, indices)));
        }
        return new NeighbourSheet(ImageSheet.Png(images), rows, ImageSheet.ShownSize(test.Size));

        IReadOnlyList<string> Names(ImageTensors images, Tensor indices) => images.HasLabels && classNames.Count > 0
            ? [.. images.Labels.index_select(0, indices).cpu().data<long>().ToArray().Select(label => label == ImageSet.NoLabel ? "" : classNames[(int)label])]
            : [.. Enumerable.Repeat("", (int)indices.shape[0])];
    }

    /// <summary>The picture as a page holds it, each image with its class, and neighbours of the test image's class told from others.</summary>
    /// <param name="id">Of the picture in the page.</param>
    /// <param name="title">What is said of it.</param>
    public string Html(string id, string title)
    {
        int columns = 1 + Rows.Max(row => row.OfNeighbours.Count);
        (int width, int height) = (ImageSheet.Places(columns, Size), ImageSheet.Places(Rows.Count, Size));
        (string Class, string Neighbour)[] compared = [.. Rows.SelectMany(row => row.OfNeighbours.Where(name => name.Length > 0 && row.Class.Length > 0).Select(name => (row.Class, name)))];
        int right = compared.Count(pair => pair.Neighbour == pair.Class);
        var html = new StringBuilder();
        html.Append($"<figure><figcaption>{HtmlPage.Text(title)}{(compared.Length > 0 ? $": {right} of {compared.Length}{(compared.Length < Rows.Sum(row => row.OfNeighbours.Count) ? " labelled" : "")} neighbours are of the test image's class" : "")}</figcaption>\n")
            .Append($"<svg class=\"hidden\" aria-hidden=\"true\"><defs><image class=\"sheet\" id=\"{id}\" width=\"{width}\" height=\"{height}\" ")
            .Append($"href=\"data:image/png;base64,{Convert.ToBase64String(Png)}\"/></defs></svg>\n")
            .Append($"<div class=\"near\" style=\"--columns: {columns}; --few: {Math.Min(columns, 1 + NeighboursOnPhones)}\">\n");
        foreach (((string wanted, IReadOnlyList<string> names), int row) in Rows.Select((row, i) => (row, i)))
        {
            Cell("query", null, wanted, row, 0);
            for (int i = 0; i < names.Count; i++)
            {
                (string kind, string? mark) = wanted.Length == 0 || names[i].Length == 0 ? ("plain", null) : names[i] == wanted ? ("right", "✓") : ("wrong", "✗");
                Cell(i < NeighboursOnPhones ? kind : $"{kind} far", mark, names[i], row, i + 1);
            }
        }
        return html.Append("</div></figure>").ToString();

        void Cell(string kind, string? mark, string name, int row, int column) => html.Append(
            $"<div class=\"{kind}\" title=\"{HtmlPage.Text(name)}\"><svg viewBox=\"{ImageSheet.Place(column, Size)} {ImageSheet.Place(row, Size)} {Size} {Size}\">"
            + $"<use href=\"#{id}\"/></svg>{(mark is null ? "" : $"<b>{mark}</b>")}<span>{HtmlPage.Text(name)}</span></div>\n");
    }
}
