namespace ErTraining.Studies;

/// <summary>Methods as papers write them.</summary>
internal static class MethodTitles
{
    private static readonly Dictionary<string, string> s_titles = new()
    {
        ["simclr"] = "SimCLR",
        ["byol"] = "BYOL",
        ["dino"] = "DINO",
        ["swav"] = "SwAV",
        ["deepcluster"] = "DeepCluster",
    };

    /// <summary>"SimCLR" of "simclr"; a method without a title keeps its name.</summary>
    public static string Of(string method) => s_titles.GetValueOrDefault(method, method);

    /// <summary>"SimCLR", or "SimCLR+ER".</summary>
    public static string Of(string method, Methods.Objective objective) => Of(method) + (objective == Methods.Objective.Er ? "+ER" : "");
}
