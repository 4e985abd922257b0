using ErTraining.Encoders;

namespace ErTraining.Methods;

/// <summary>The methods by the names the command line knows them by.</summary>
internal static class MethodCatalog
{
    private static readonly Dictionary<string, MethodDescription> s_methods = new()
    {
        ["simclr"] = SimClr.Description,
        ["byol"] = Byol.Description,
        ["dino"] = Dino.Description,
        ["swav"] = SwAV.Description,
        ["deepcluster"] = DeepCluster.Description,
    };

    /// <summary>The method that is trained where none is named.</summary>
    public const string Default = "simclr";

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> Names => s_methods.Keys;

    /// <summary>What is known of a method, by its name.</summary>
    public static MethodDescription Describe(string name) => s_methods[name];

    /// <summary>The names of the methods that have some trait.</summary>
    public static IEnumerable<string> NamesOf(Func<MethodDescription, bool> trait) =>
        s_methods.Where(method => trait(method.Value)).Select(method => method.Key);

    /// <summary>A fresh method, its weights drawn from the global generator.</summary>
    /// <param name="name">Of the method.</param>
    /// <param name="makeEncoder">Gives an encoder; asked for a second one where the method has a teacher.</param>
    /// <param name="settings">The rest.</param>
    public static TwoViewMethod Create(string name, Func<Encoder> makeEncoder, MethodSettings settings) => s_methods[name].Create(makeEncoder, settings);
}
