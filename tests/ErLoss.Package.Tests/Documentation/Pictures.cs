namespace ErLoss.Package.Tests;

/// <summary>The pictures of the documentation.</summary>
internal static class Pictures
{
    /// <summary>Their places in the repository.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "docs", "images")).Select(path => $"docs/images/{Path.GetFileName(path)}")];
}
