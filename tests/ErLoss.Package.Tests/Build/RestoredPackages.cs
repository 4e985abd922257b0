using System.Text.Json;

namespace ErLoss.Package.Tests;

/// <summary>Where NuGet keeps the packages this test project was built from.</summary>
internal static class RestoredPackages
{
    /// <summary>The package cache, and the fallback folders where the machine has any; as the last restore wrote them down.</summary>
    public static string[] Folders { get; } = ReadFolders();

    private static string[] ReadFolders()
    {
        string assets = Path.Combine(Repository.Root, "tests", "ErLoss.Package.Tests", "obj", "project.assets.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(assets));
        return [.. document.RootElement.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name)];
    }
}
