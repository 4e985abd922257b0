namespace ErLoss.Training.Data;

/// <summary>Finds images that are come to on several ways, which links make possible, so that each is read once.</summary>
/// <param name="root">The folder that was looked through.</param>
/// <param name="scan">Looked through it.</param>
internal sealed class SameFiles(string root, ImageTreeScan scan)
{
    private readonly List<LeftOutFile> _leftOut = [];

    /// <summary>The ways that were not taken.</summary>
    public IReadOnlyList<LeftOutFile> LeftOut => _leftOut;

    /// <summary>Takes one way to each image: of those in the first group that has any, the first one that leads through no link, or just the first one.</summary>
    /// <param name="groups">Ways to images, each of them once.</param>
    /// <returns>Whether a way was taken.</returns>
    public Func<string, bool> Take(params IEnumerable<string>[] groups)
    {
        if (!scan.HasLinks)
        {
            return _ => true;
        }
        var kept = new Dictionary<string, string>(StringComparer.Ordinal);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (string path in groups.SelectMany(paths => paths.OrderBy(scan.IsLinked)))
        {
            if (kept.TryAdd(scan.RealPathOf(path), path))
            {
                taken.Add(path);
            }
            else
            {
                _leftOut.Add(new(Relative(path), LeftOutReason.Twice, $"as {Relative(kept[scan.RealPathOf(path)])}"));
            }
        }
        return taken.Contains;
    }

    private string Relative(string path) => Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');
}
