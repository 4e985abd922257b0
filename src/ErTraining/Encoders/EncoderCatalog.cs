namespace ErTraining.Encoders;

/// <summary>The encoders by the names the command line knows them by.</summary>
internal static class EncoderCatalog
{
    private static readonly Dictionary<string, Func<Encoder>> Makers = new()
    {
        ["convnet"] = () => new ConvNet(),
        ["resnet18"] = () => new ResNet18(),
    };

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> Names => Makers.Keys;

    /// <summary>A fresh encoder, its weights drawn from the global generator.</summary>
    public static Encoder Create(string name) => Makers[name]();
}
