using ErTraining.Encoders;

namespace ErTraining.Methods;

/// <summary>The methods by the names the command line knows them by.</summary>
internal static class MethodCatalog
{
    private static readonly Dictionary<string, Func<Encoder, MethodSettings, TwoViewMethod>> Makers = new()
    {
        ["simclr"] = (encoder, settings) => new SimClr(encoder, settings),
    };

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> Names => Makers.Keys;

    /// <summary>A fresh method around <paramref name="encoder"/>, its other weights drawn from the global generator.</summary>
    public static TwoViewMethod Create(string name, Encoder encoder, MethodSettings settings) => Makers[name](encoder, settings);
}
