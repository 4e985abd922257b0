using System.Globalization;
using ErLoss.SelfSupervised.IO;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>What <see cref="EncoderFile.Read"/> took from a file of weights. <see cref="ToString"/> describes it in one line.</summary>
public sealed record WeightsReadResult
{
    private const int NamesShown = 3;

    /// <summary>Parameters and buffers that were read.</summary>
    public required int Count { get; init; }

    /// <summary>What precedes the encoder's own names in the file, such as <c>module.encoder_q.</c>; empty if nothing does.</summary>
    public required string Prefix { get; init; }

    /// <summary>The types that tensors were converted from, under the names of the safetensors format, such as <c>F16</c>, with the number of tensors of each.</summary>
    public required IReadOnlyDictionary<string, int> Converted { get; init; }

    /// <summary>The counters of batches that the file lacks, or has in another type or shape. They keep their values, and no result depends on them.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>Names of the tensors in the file that are not the encoder's, such as those of heads.</summary>
    public required IReadOnlyList<string> Left { get; init; }

    /// <summary>Prefixes of other weights in the file that would fit as well, such as those of a teacher.</summary>
    public required IReadOnlyList<string> OtherPrefixes { get; init; }

    /// <summary>A line for people: what was taken, what was converted, and what was left.</summary>
    public override string ToString()
    {
        string line = $"{Number(Count)} tensors taken";
        if (Prefix.Length > 0)
        {
            line += $", whose names begin with '{Prefix}'";
        }
        if (Converted.Count > 0)
        {
            line += $"; {Number(Converted.Values.Sum())} converted from {string.Join(" and ", Converted.Keys.Order(StringComparer.Ordinal).Select(ElementType.InWords))}";
        }
        if (Missing.Count > 0)
        {
            line += $"; {Number(Missing.Count)} counters (num_batches_tracked), which nothing depends on, not taken";
        }
        line += Left.Count == 0 ? "; nothing left" : $"; {Number(Left.Count)} left: {Some(Left)}";
        return OneLine.Format(
            OtherPrefixes.Count == 0 ? $"{line}." : $"{line}. Weights of the same shapes are also there as {Some([.. OtherPrefixes.Select(other => $"'{other}'")])}.");
    }

    private static string Number(int count) => count.ToString("n0", CultureInfo.InvariantCulture);

    private static string Some(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(NamesShown)) + (names.Count > NamesShown ? $" and {Number(names.Count - NamesShown)} more" : "");
}
