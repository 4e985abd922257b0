using ErLoss.Training.Settings;

namespace ErLoss.Training.Data;

/// <summary>The images of a run.</summary>
internal sealed record DataSettings : Section
{
    /// <summary>"synthetic", or the folder that the images are in. It may move: a run that is resumed knows its images by their content.</summary>
    [Setting(
        "'synthetic' for images that the program draws, or a folder that contains the binary files of CIFAR-10, CIFAR-100 or STL-10, or a folder of images (JPEG, PNG, WebP, BMP or GIF), with or without a folder for each class.",
        Word = "data", Placeholder = "synthetic|DIR", DecidesResult = false, IsPath = true)]
    public string Source { get; init; } = DataSource.Synthetic;

    /// <summary>How many training images are used, the first ones.</summary>
    [Setting("Use only the first N training images.", Least = 1, WhenNull = "all of them")]
    public int? TrainImages { get; init; }

    /// <summary>How many test images are used, the first ones.</summary>
    [Setting("Use only the first N test images.", Least = 1, WhenNull = "all of them")]
    public int? TestImages { get; init; }

    /// <summary>Height and width of the images, in pixels.</summary>
    [Setting("Height and width of the images in pixels. Images of another size are cropped to a square and scaled to it.", Least = ImageSet.LeastSize, Most = ImageSet.LargestSize)]
    public int ImageSize { get; init; } = ImageSet.DefaultSize;

    /// <summary>Whether the names of folders are classes.</summary>
    [Setting("Whether the names of folders are the classes of the images in them: auto if there are two at least and no images beside them, folders always, none never. Images in a folder called unlabeled, and images beside the folders that are classes, have no label.")]
    public FolderLabels Labels { get; init; }

    /// <summary>Whether images and folders that cannot be read are left out.</summary>
    [Setting("Leave out images and folders that cannot be read, instead of ending with a list of them.")]
    public bool SkipUnreadable { get; init; }

    /// <summary>What transparent pixels are laid on; see <see cref="ImageColour.Parse"/>.</summary>
    [Setting("Colour that shows through the transparent parts of images: white, black, grey, or red, green and blue as six hexadecimal digits, such as ff8000.", Placeholder = "COLOUR")]
    public string Background { get; init; } = "white";

    /// <summary>The most pixels of an image file that is decoded.</summary>
    [Setting("Refuse image files with more than N pixels, which take 4 bytes of memory each while they are decoded.", Least = 1, Most = MostPixels)]
    public int MaxPixels { get; init; } = 1 << 26;

    /// <summary>The folder of files of decoded images; null if they are decoded into memory, as long as they fit.</summary>
    [Setting(
        "Decode the images of a folder once, into a file in DIR, and read them from there in each epoch and at later starts. This happens by itself, in the output folder, if the images do not fit in memory.",
        Placeholder = "DIR", DecidesResult = false, IsPath = true, WhenNull = "the output folder, if the images do not fit in memory")]
    public string? Cache { get; init; }

    /// <summary>The most that <see cref="MaxPixels"/> can be: with four bytes each, nearly as many as one array holds.</summary>
    private const int MostPixels = 500_000_000;

    /// <inheritdoc/>
    public override IEnumerable<Conflict> Conflicts() => ImageColour.Parse(Background) is null
        ? [new(nameof(Background), $"is '{Background}'; white, black, grey or six hexadecimal digits are wanted")]
        : [];

    /// <summary>How image files become pixels.</summary>
    /// <param name="nameOf">What messages call a setting, given its word.</param>
    internal ImageDecoding Decoding(Func<string, string>? nameOf = null) =>
        new(ImageSize, ImageColour.Parse(Background)!.Value, MaxPixels) { NameOf = nameOf ?? SettingName.Of }; // a document with another text for the colour is refused
}
