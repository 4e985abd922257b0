using ErLoss.SelfSupervised.Encoders;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>What network a file's weights are of, as far as their names and shapes tell.</summary>
internal static class EncoderGuess
{
    private const string Small = "ResNet-18";

    private static readonly Dictionary<(bool Bottleneck, string Blocks), string> s_residual = new()
    {
        [(false, "2, 2, 2, 2")] = Small,
        [(false, "3, 4, 6, 3")] = "ResNet-34",
        [(true, "3, 4, 6, 3")] = "ResNet-50",
        [(true, "3, 4, 23, 3")] = "ResNet-101",
        [(true, "3, 8, 36, 3")] = "ResNet-152",
    };

    /// <summary>Parts of names, and the networks that have them.</summary>
    private static readonly (string Part, string Network)[] s_others =
    [
        ("layers.block1.conv.weight", "the encoder convnet"),
        ("4.0.conv1.weight", "a ResNet whose parts are numbered, as those of nn.Sequential(*resnet.children()) are"),
        ("attn.qkv.weight", "a vision transformer (ViT)"),
        ("attention.attention.query.weight", "a vision transformer (ViT)"),
        ("encoder_layer_0.self_attention.in_proj_weight", "a vision transformer (ViT)"),
        ("patch_embed.proj.weight", "a vision transformer (ViT)"),
        ("dwconv.weight", "a ConvNeXt"),
        ("conv_dw.weight", "a ConvNeXt or an EfficientNet"),
        ("denseblock1.denselayer1.conv1.weight", "a DenseNet"),
        ("features.0.0.weight", "a MobileNet, EfficientNet or ConvNeXt of torchvision"),
        ("features.0.weight", "a VGG or AlexNet"),
    ];

    /// <summary>The network with its article; null if the names tell nothing.</summary>
    public static string? Describe(IReadOnlyDictionary<string, SafeTensor> weights) =>
        ResNetWeights.Prefix(weights.Keys) is { } prefix
            ? Residual(weights, prefix)
            : s_others.FirstOrDefault(other => weights.Keys.Any(name => name.EndsWith(other.Part, StringComparison.Ordinal))).Network;

    private static string Residual(IReadOnlyDictionary<string, SafeTensor> weights, string prefix)
    {
        long? kernel = ResNetWeights.FirstKernel(weights.ToDictionary(weight => weight.Key, weight => weight.Value.Shape), prefix);
        int[] blocks = [.. Enumerable.Range(1, 4).Select(layer => Blocks(weights, $"{prefix}layer{layer}."))];
        bool bottleneck = weights.ContainsKey($"{prefix}layer1.0.conv3.weight");
        string name = s_residual.TryGetValue((bottleneck, string.Join(", ", blocks)), out string? known)
            ? $"a {known}"
            : $"a ResNet of {string.Join("+", blocks)} {(bottleneck ? "bottleneck" : "basic")} blocks";
        return known == Small && ResNetWeights.StemOf(kernel) is { } stem ? $"the encoder resnet18 with {(stem == ResNetStem.ImageNet ? "ImageNet's stem" : "the stem for small images")} ({kernel}x{kernel})"
            : name + (bottleneck ? ", which has bottleneck blocks" : "") + (kernel is null ? "" : $", with a {kernel}x{kernel} convolution first");
    }

    private static int Blocks(IReadOnlyDictionary<string, SafeTensor> weights, string layer) =>
        weights.Keys.Where(name => name.StartsWith(layer, StringComparison.Ordinal)).Select(name => name[layer.Length..].Split('.')[0]).Distinct().Count();
}
