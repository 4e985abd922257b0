using System.CommandLine;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErTraining.CommandLine;
using ErTraining.Terminal;

namespace ErTraining.Commands;

/// <summary>The images of commands that look at all images of a folder, with classes or without.</summary>
internal static class ListedImages
{
    /// <summary><c>--data</c>.</summary>
    /// <param name="note">Ends the description.</param>
    public static Option<string?> Option(string note)
    {
        Option<string?> option = Options.Text(
            "--data", $"Folder that contains the images, as image files or as the binary files of CIFAR or STL-10, or '{DataSource.Synthetic}' for images that the program draws. {note}", $"{DataSource.Synthetic}|DIR");
        option.Required = true;
        return option;
    }

    /// <summary>As <see cref="ImageListing.Open"/>, while the terminal shows how far that is.</summary>
    /// <param name="encoder">Its run's settings decide how many synthetic images there are, and which.</param>
    /// <param name="data">Of <c>--data</c>.</param>
    /// <param name="cancellation">Heeded at each image.</param>
    /// <exception cref="DataException">There are no images, or they cannot be read.</exception>
    public static ImageListing Open(ChosenEncoder encoder, string data, CancellationToken cancellation)
    {
        RunSettings settings = encoder.Settings;
        bool isOfRun = data == settings.Data.Source;
        ImageListing images;
        using (var work = new ActivityLine(data == DataSource.Synthetic ? "drawing images" : "looking for images"))
        {
            images = ImageListing.Open(isOfRun ? settings.Data : settings.Data with { Source = data, TrainImages = null, TestImages = null }, settings.Seed, new LoadingProgress(work, cancellation, encoder.NameOf));
        }
        if (LeftOutFile.Describe(images.LeftOut) is { } line)
        {
            Console.WriteLine(line);
        }
        return images;
    }

    /// <summary>Says which images were left out, since they cannot be read.</summary>
    /// <param name="images">All images.</param>
    /// <param name="unreadable">Those left out.</param>
    /// <param name="data">Of <c>--data</c>.</param>
    /// <exception cref="DataException">These are all.</exception>
    public static void TellLeftOut(ImageListing images, IReadOnlyCollection<UnreadableImage> unreadable, string data)
    {
        LeftOutFile[] files = images.Files(unreadable);
        if (files.Length == images.Images.Count)
        {
            throw new DataException($"{data}: no image can be read: {LeftOutFile.Name(files)}.");
        }
        if (files.Length > 0)
        {
            Console.WriteLine($"{LeftOutFile.Describe(files)!.TrimEnd('.')}: {OneLine.Format(LeftOutFile.Name(files))}.");
        }
    }
}
