using System.Text.Json;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

/// <summary>A loss as another library computes it, of published-losses.json: its inputs, its value and its gradients.</summary>
/// <param name="Name">The loss.</param>
/// <param name="Source">The library's function.</param>
/// <param name="Json">The case.</param>
internal sealed record PublishedLoss(string Name, string Source, JsonElement Json)
{
    private static readonly Lazy<PublishedLoss[]> s_all = new(Read);

    /// <summary>The value.</summary>
    public double Loss => Json.GetProperty("loss").GetDouble();

    /// <summary>The temperature, where there is one.</summary>
    public double Temperature => Json.GetProperty("settings").GetProperty("temperature").GetDouble();

    /// <summary>The cases of a loss, by the library that they are of: "lightly", "solo", "pytorch_metric_learning".</summary>
    public static IEnumerable<PublishedLoss> Of(string name, string library) =>
        s_all.Value.Where(loss => loss.Name == name && loss.Source.StartsWith($"{library}.", StringComparison.Ordinal));

    /// <summary>An input.</summary>
    public Tensor Input(string name) => Matrix(Json.GetProperty("inputs").GetProperty(name));

    /// <summary>Inputs below each other.</summary>
    public Tensor Inputs(params string[] names) => cat([.. names.Select(Input)]);

    /// <summary>Gradients in inputs below each other, row by row.</summary>
    public double[] Gradients(params string[] names) =>
        cat([.. names.Select(name => Matrix(Json.GetProperty("gradients").GetProperty(name)))]).data<double>().ToArray();

    /// <summary>A vector beside the inputs.</summary>
    public double[] Vector(string name) => [.. Json.GetProperty(name).EnumerateArray().Select(x => x.GetDouble())];

    private static Tensor Matrix(JsonElement json) =>
        json[0].ValueKind == JsonValueKind.Number
            ? tensor(json.EnumerateArray().Select(x => x.GetDouble()).ToArray())
            : stack([.. json.EnumerateArray().Select(row => tensor(row.EnumerateArray().Select(x => x.GetDouble()).ToArray()))]);

    private static PublishedLoss[] Read()
    {
        using Stream stream = typeof(PublishedLoss).Assembly.GetManifestResourceStream("published-losses.json")!;
        JsonElement cases = JsonElement.Parse(new StreamReader(stream).ReadToEnd()).GetProperty("cases");
        return [.. cases.EnumerateArray().Select(json => new PublishedLoss(json.GetProperty("name").GetString()!, json.GetProperty("source").GetString()!, json))];
    }
}
