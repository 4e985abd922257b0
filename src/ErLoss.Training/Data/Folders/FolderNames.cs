namespace ErLoss.Training.Data;

/// <summary>Names of folders that say which part of an image set is in them, in any case.</summary>
internal static class FolderNames
{
    /// <summary>Of the training images.</summary>
    public const string Train = "train";

    /// <summary>Of the test images; the first one is looked for first.</summary>
    public static IReadOnlyList<string> Tests { get; } = ["test", "val", "valid", "validation"];

    /// <summary>Of images without labels.</summary>
    public static IReadOnlyList<string> Unlabelled { get; } = ["unlabeled", "unlabelled"];

    /// <summary>Whether a folder has one of some names.</summary>
    public static bool IsOneOf(string folder, IEnumerable<string> names) => names.Contains(folder, StringComparer.OrdinalIgnoreCase);
}
