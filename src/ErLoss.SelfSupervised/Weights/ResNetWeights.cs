using System.Text.RegularExpressions;
using ErLoss.SelfSupervised.Encoders;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>What the names and shapes of weights tell of a ResNet.</summary>
internal static partial class ResNetWeights
{
    private const int SmallKernel = 3, LargeKernel = 7;

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
}
