using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>Looks for images in a folder and all folders in it, and notes all that is none. A link to a folder is followed unless it leads in a circle.</summary>
/// <param name="root">The folder.</param>
/// <param name="skipsUnreadable">Whether a folder that cannot be read is left out; it is an error otherwise.</param>
/// <param name="cancellation">Heeded at each file.</param>
internal sealed class ImageTreeScan(string root, bool skipsUnreadable, CancellationToken cancellation)
{
    /// <summary>Folders that other programs put among the images of people: of Finder's archives, Synology's and Windows' indexes, file systems, and wastebaskets.</summary>
    private static readonly string[] s_otherPrograms = ["__MACOSX", "@eaDir", "lost+found", "$RECYCLE.BIN", "System Volume Information", "__pycache__"];

    private readonly List<LeftOutFile> _leftOut = [];
    private readonly Dictionary<string, string> _linked = new(StringComparer.Ordinal); // where the images really are that were come to through a link
    private string _place = "";

    /// <summary>What was not taken for an image.</summary>
    public IReadOnlyList<LeftOutFile> LeftOut => _leftOut;

    /// <summary>Whether an image was come to through a link.</summary>
    public bool HasLinks => _linked.Count > 0;

    /// <summary>Whether this image was come to through a link, below the folder.</summary>
    public bool IsLinked(string image) => _linked.ContainsKey(image);

    /// <summary>Where an image really is, links resolved.</summary>
    public string RealPathOf(string image) => _linked.TryGetValue(image, out string? place) ? place : Path.Combine(_place, Path.GetRelativePath(root, image));

    /// <summary>Looks through the folder.</summary>
    /// <exception cref="DataException">A folder cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public ImageTree Run()
    {
        string full = Path.GetFullPath(root);
        _place = RealPath.Find(full) ?? full;
        return Scan(root, [_place], isLinked: false);
    }

    /// <summary>Looks through a folder.</summary>
    /// <param name="folder">The folder, as it was come to.</param>
    /// <param name="above">Where it and the folders above it really are, links resolved.</param>
    /// <param name="isLinked">Whether it was come to through a link.</param>
    private ImageTree Scan(string folder, IReadOnlyList<string> above, bool isLinked)
    {
        var images = new List<string>();
        var folders = new List<ImageTree>();
        var empty = new List<string>();
        foreach (FileSystemInfo entry in InputFile.Access(folder, () => new DirectoryInfo(folder).GetFileSystemInfos()).OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            cancellation.ThrowIfCancellationRequested();
            string path = Path.Combine(folder, entry.Name);
            if (entry.Name.StartsWith('.'))
            {
                Leave(path, LeftOutReason.Hidden);
            }
            else if (entry is DirectoryInfo directory)
            {
                if (Enter(directory, path, above, isLinked) is not { } tree)
                {
                    continue;
                }
                if (tree.IsEmpty)
                {
                    empty.Add(entry.Name);
                    Leave(path, LeftOutReason.Empty);
                }
                else
                {
                    folders.Add(tree);
                }
            }
            else if (Reason(entry, path, above[^1]) is { } reason)
            {
                Leave(path, reason);
            }
            else
            {
                images.Add(path);
                if (isLinked || entry.LinkTarget is not null)
                {
                    _linked[path] = RealPath.Find(above[^1], entry.Name) ?? path;
                }
            }
        }
        return new ImageTree(folder, images, folders, empty);
    }

    /// <summary>Looks through a folder in another; null if it is left out.</summary>
    private ImageTree? Enter(DirectoryInfo directory, string path, IReadOnlyList<string> above, bool isLinked)
    {
        if (s_otherPrograms.Contains(directory.Name, StringComparer.OrdinalIgnoreCase))
        {
            Leave(path, LeftOutReason.OtherProgram);
            return null;
        }
        string place = (directory.LinkTarget is null ? null : RealPath.Find(above[^1], directory.Name)) ?? Path.Combine(above[^1], directory.Name);
        if (above.Any(folder => folder == place))
        {
            Leave(path, LeftOutReason.Loop);
            return null;
        }
        try
        {
            return Scan(path, [.. above, place], isLinked || directory.LinkTarget is not null);
        }
        catch (DataException e) when (skipsUnreadable)
        {
            Leave(path, LeftOutReason.UnreadableFolder, e.Message);
            return null;
        }
    }

    /// <summary>Why a file is not taken for an image; null if it is. A file that is not named as one is looked into.</summary>
    /// <param name="entry">The file.</param>
    /// <param name="path">The file, as it was come to.</param>
    /// <param name="folder">Where the folder that it is in really is.</param>
    private static LeftOutReason? Reason(FileSystemInfo entry, string path, string folder)
    {
        if (entry.LinkTarget is not null && !Path.Exists(RealPath.Find(folder, entry.Name)))
        {
            return LeftOutReason.BrokenLink;
        }
        if (FileKind.Special(path) is not null)
        {
            return LeftOutReason.Special;
        }
        return ImageFormats.IsNamed(path) ? null
            : BeginsAsImage(path) switch
            {
                true => null,
                null => LeftOutReason.UnreadableFile,
                false => ImageFormats.IsNamedOther(path) ? LeftOutReason.OtherFormat : LeftOutReason.NoImage,
            };
    }

    /// <summary>Whether the first bytes of a file are those of an image; null if they cannot be read.</summary>
    private static bool? BeginsAsImage(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            Span<byte> beginning = stackalloc byte[ImageFormats.Beginning];
            return ImageFormats.Find(beginning[..stream.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false)]) is not null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it claims to be no image, so that this is no error
        }
    }

    private void Leave(string path, LeftOutReason reason, string? detail = null) => _leftOut.Add(new(Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/'), reason, detail));
}
