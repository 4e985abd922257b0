using System.Text.RegularExpressions;
using ErLoss.SelfSupervised.Encoders;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>What the names and shapes of weights tell of a ResNet.</summary>
internal static partial class ResNetWeights
{
    private const int SmallKernel = 3, LargeKernel = 7;

    /// <summary>The most networks of one file whose numbers are looked for, so that a file made to take long does not.</summary>
    private const int MostNumbered = 16;

    /// <summary>The parts of torchvision's ResNet that have weights, by the numbers that they have in <c>nn.Sequential(*resnet.children())</c>.</summary>
    private static readonly Dictionary<string, string> s_numbered = new()
    {
        ["0"] = "conv1",
        ["1"] = "bn1",
        ["4"] = "layer1",
        ["5"] = "layer2",
        ["6"] = "layer3",
        ["7"] = "layer4",
    };

    /// <summary>The weights with torchvision's names for the parts of a ResNet that are numbered, as lightly's examples make it; the same if there is none.</summary>
    public static Dictionary<string, T> Named<T>(Dictionary<string, T> weights)
    {
        string[] prefixes =
        [
            .. weights.Keys.Select(name => NumberedBlock().Match(name)).Where(match => match.Success).Select(match => match.Groups["prefix"].Value).Take(MostNumbered)
                .Where(prefix => weights.ContainsKey($"{prefix}0.weight") && !weights.Keys.Any(name => s_numbered.Values.Any(part => name.StartsWith($"{prefix}{part}.", StringComparison.Ordinal))))
                .OrderByDescending(prefix => prefix.Length),
        ];
        return prefixes.Length == 0 ? weights : weights.ToDictionary(weight => Rename(weight.Key), weight => weight.Value);

        string Rename(string name) =>
            prefixes.FirstOrDefault(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) is { } prefix
            && name.IndexOf('.', prefix.Length) is > 0 and var dot && s_numbered.TryGetValue(name[prefix.Length..dot], out string? part)
                ? $"{prefix}{part}{name[dot..]}"
                : name;
    }

    /// <summary>What precedes the names of the ResNet in a file, such as <c>module.</c>; null if the names are of none.</summary>
    public static string? Prefix(IEnumerable<string> names) =>
        names.Select(name => FirstBlock().Match(name)).FirstOrDefault(match => match.Success) is { } found ? found.Groups["prefix"].Value : null;

    /// <summary>Height and width of the kernel of the first convolution; null if there is no such convolution.</summary>
    /// <param name="shapes">Shapes by name.</param>
    /// <param name="prefix">What precedes the names.</param>
    public static long? FirstKernel(IReadOnlyDictionary<string, long[]> shapes, string prefix) =>
        shapes.TryGetValue($"{prefix}conv1.weight", out long[]? shape) && shape is [_, _, var size, _] ? size : null;

    /// <summary>The stem of the ResNet of a file; null if its names are of none, or its first convolution is of another size.</summary>
    public static ResNetStem? Stem(IReadOnlyDictionary<string, long[]> shapes) => Prefix(shapes.Keys) is { } prefix ? StemOf(FirstKernel(shapes, prefix)) : null;

    /// <summary>The stem that has a first convolution of a size; null if none has.</summary>
    public static ResNetStem? StemOf(long? kernel) => kernel switch
    {
        SmallKernel => ResNetStem.Cifar,
        LargeKernel => ResNetStem.ImageNet,
        _ => null,
    };

    [GeneratedRegex(@"^(?<prefix>(?:.*\.)?)layer1\.0\.conv1\.weight$", RegexOptions.CultureInvariant)]
    private static partial Regex FirstBlock();

    [GeneratedRegex(@"^(?<prefix>(?:.*\.)?)4\.0\.conv1\.weight$", RegexOptions.CultureInvariant)]
    private static partial Regex NumberedBlock();
}
