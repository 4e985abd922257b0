using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>A file or folder within a folder of images that is not read.</summary>
/// <param name="Path">Relative to the folder of images, with slashes.</param>
/// <param name="Reason">Why; all files with one reason are counted together.</param>
/// <param name="Detail">What else is to be said of this one; null if there is nothing.</param>
internal sealed record LeftOutFile(string Path, LeftOutReason Reason, string? Detail = null)
{
    private const int Named = 10, LongestDetail = 200;

    /// <summary>A sentence that counts files by reason; null if there are none.</summary>
    public static string? Describe(IReadOnlyCollection<LeftOutFile> files) => files.Count == 0 ? null
        : $"Left out: {string.Join(", ", files.GroupBy(file => file.Reason).OrderBy(group => group.Key).Select(group => Count(group.Count(), group.Key)))}.";

    /// <summary>The first files, each with its detail, and how many more there are.</summary>
    public static string Name(IReadOnlyCollection<LeftOutFile> files) =>
        string.Join("; ", files.Take(Named).Select(file => $"{file.Path} ({file.Detail})")) + (files.Count > Named ? $"; and {files.Count - Named:n0} more" : "");

    /// <summary>What is wrong with an image, without its name, for <see cref="Detail"/>.</summary>
    public static string Fault(DataException e, string path)
    {
        string fault = (e.Message.StartsWith($"{path}: ", StringComparison.Ordinal) ? e.Message[(path.Length + 2)..] : e.Message).TrimEnd('.');
        return fault.Length > LongestDetail ? $"{fault.AsSpan(0, LongestDetail)}…" : fault;
    }

    /// <summary>The line of a list: the reason, the path, and the detail, with tabulators between them.</summary>
    public string Line => $"{Words(Reason).One}\t{OneLine.Format(Path)}{(Detail is null ? "" : $"\t{OneLine.Format(Detail)}")}";

    private static string Count(int count, LeftOutReason reason) => count == 1 ? $"1 {Words(reason).One}" : $"{count:n0} {Words(reason).Many}";

    private static (string One, string Many) Words(LeftOutReason reason) => reason switch
    {
        LeftOutReason.UnreadableFile => ("file that cannot be read and may be an image", "files that cannot be read and may be images"),
        LeftOutReason.Twice => ("image that is read already under another name", "images that are read already under other names"),
        LeftOutReason.NoImage => ("file that is no image", "files that are no images"),
        LeftOutReason.OtherFormat => ("image of a format that is not read", "images of formats that are not read"),
        LeftOutReason.Hidden => ("hidden file or folder", "hidden files and folders"),
        LeftOutReason.OtherProgram => ("folder of another program", "folders of other programs"),
        LeftOutReason.Empty => ("folder without images", "folders without images"),
        LeftOutReason.Unused => ("image outside the folders that are used", "images outside the folders that are used"),
        LeftOutReason.Special => ("pipe, device or socket", "pipes, devices and sockets"),
        LeftOutReason.BrokenLink => ("link to nothing", "links to nothing"),
        LeftOutReason.Loop => ("link to a folder that it is in", "links to folders that they are in"),
        LeftOutReason.UnreadableFolder => ("folder that cannot be read", "folders that cannot be read"),
        LeftOutReason.Unreadable => ("image that cannot be read", "images that cannot be read"),
        _ => throw new InvalidOperationException($"No such reason: {reason}."),
    };
}

/// <summary>Why a file or folder within a folder of images is not read; in the order in which they are told.</summary>
internal enum LeftOutReason
{
    /// <summary>An image that is damaged, too large or not an image in spite of its name.</summary>
    Unreadable,

    /// <summary>A file without an image's ending that the system does not let the program read.</summary>
    UnreadableFile,

    /// <summary>A folder that the system does not let the program read.</summary>
    UnreadableFolder,

    /// <summary>A file that is named as an image of a format that is not read.</summary>
    OtherFormat,

    /// <summary>A file that neither is named as an image nor begins as one.</summary>
    NoImage,

    /// <summary>A name that begins with a dot.</summary>
    Hidden,

    /// <summary>A folder that another program puts among the images of people, such as <c>__MACOSX</c>.</summary>
    OtherProgram,

    /// <summary>A folder without an image in it, at any depth.</summary>
    Empty,

    /// <summary>An image that is beside the folders that are read, such as those of a second test set.</summary>
    Unused,

    /// <summary>Another way to an image that is read, through a link.</summary>
    Twice,

    /// <summary>What cannot be read to an end.</summary>
    Special,

    /// <summary>A link whose target is not there.</summary>
    BrokenLink,

    /// <summary>A link that leads in a circle.</summary>
    Loop,
}
