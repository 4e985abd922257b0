namespace ErLoss.Package.Tests;

/// <summary>The pictures of the documentation.</summary>
internal static class Pictures
{
    /// <summary>Their places in the repository.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "docs", "images")).Select(path => $"docs/images/{Path.GetFileName(path)}")];

    /// <summary>The figures that the studies in the repository have beside their results.</summary>
    public static IReadOnlyList<string> OfStudies { get; } =
    [
        .. from study in Directory.GetDirectories(Path.Combine(Repository.Root, "studies"))
           from figure in Directory.GetFiles(study, "*.svg")
           select $"studies/{Path.GetFileName(study)}/{Path.GetFileName(figure)}",
    ];
}
