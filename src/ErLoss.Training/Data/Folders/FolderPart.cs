namespace ErLoss.Training.Data;

/// <summary>Images of one class.</summary>
/// <param name="Name">Of the class.</param>
/// <param name="Paths">The files, in an order that is the same everywhere.</param>
internal sealed record FolderClass(string Name, IReadOnlyList<string> Paths);

/// <summary>Images of a folder that go to the same part of a set: training or tests.</summary>
/// <param name="Classes">Those with labels; empty if there are none.</param>
/// <param name="Unlabelled">Those without, in an order that is the same everywhere.</param>
internal sealed record FolderPart(IReadOnlyList<FolderClass> Classes, IReadOnlyList<string> Unlabelled)
{
    /// <summary>The images with labels.</summary>
    public IEnumerable<string> Labelled => Classes.SelectMany(images => images.Paths);

    /// <summary>The part with those images only for which a condition holds. A class may be left without an image.</summary>
    public FolderPart Where(Func<string, bool> isWanted) =>
        new([.. Classes.Select(images => images with { Paths = [.. images.Paths.Where(isWanted)] })], [.. Unlabelled.Where(isWanted)]);

    /// <summary>The images with their labels: a class after the other in turn, then those without.</summary>
    public ImageEntry[] Entries() =>
    [
        .. Classes
            .SelectMany((images, label) => images.Paths.Select((path, turn) => (path, label, turn)))
            .OrderBy(image => image.turn)
            .Select(image => new ImageEntry(image.path, image.label)),
        .. Unlabelled.Select(path => new ImageEntry(path, ImageSet.NoLabel)),
    ];
}
