using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;
using ErLoss.Training.Distributed;
using ErTraining.CommandLine;
using ErTraining.Ranks;
using ErTraining.Terminal;
using Spectre.Console;

namespace ErTraining.Commands;

/// <summary>Loads the images of a command and shows how far that is; refuses places where they are not, or where they must not be mixed with a run.</summary>
internal static class RunImages
{
    /// <summary>As <see cref="DataSource.Load"/>.</summary>
    /// <param name="settings">Which images.</param>
    /// <param name="seed">Of the synthetic set.</param>
    /// <param name="run">The folder of the run whose settings name the images; null if the command line does.</param>
    /// <param name="cacheFolder">Where decoded images that do not fit in memory go, unless <c>--cache</c> says otherwise; null if there is no such place.</param>
    /// <param name="nameOf">What messages call a setting, given its word.</param>
    /// <param name="cancellation">Heeded at each image.</param>
    /// <param name="processes">How many processes hold the images at a time.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ImageData Load(DataSettings settings, int seed, string? run, string? cacheFolder, Func<string, string> nameOf, CancellationToken cancellation, int processes = 1)
    {
        if (run is not null && settings.Source != DataSource.Synthetic && !Directory.Exists(settings.Source))
        {
            throw new DataException($"{settings.Source}: no such directory. The run in {run} was begun with images there; give the folder in which they are now with --data DIR.");
        }
        ImageData images;
        using (var work = new ActivityLine(settings.Source == DataSource.Synthetic ? "drawing images" : "reading images"))
        {
            images = DataSource.Load(settings, seed, new LoadingProgress(work, cancellation, nameOf), cacheFolder, processes);
        }
        foreach (string line in new[] { images.Reading, images.CacheUse, LeftOutFile.Describe(images.LeftOut) }.OfType<string>())
        {
            AnsiConsole.MarkupLineInterpolated($"{line}");
        }
        return images;
    }

    /// <summary>Refuses ranks that have other images than each other.</summary>
    /// <param name="images">This rank's.</param>
    /// <param name="settings">Where they are from.</param>
    /// <param name="job">The ranks.</param>
    /// <param name="cancellation">Heeded where pixels are read from a file.</param>
    /// <returns>The images, with their fingerprint where there are several ranks.</returns>
    /// <exception cref="DataException">They differ.</exception>
    public static ImageData RequireSame(ImageData images, DataSettings settings, RankJob job, CancellationToken cancellation)
    {
        if (job.Group is null)
        {
            return images;
        }
        string fingerprint = job.Together(() => images.Fingerprint(cancellation));
        job.Compare(group => RankComparison.Require(group, fingerprint, (odd, others) => new DataException($"{odd.Ranks}: the images are others than those of {others.Ranks}; give all ranks the same images ({settings.Source}).")));
        return images with { KnownFingerprint = (images.Train, images.Test, fingerprint) };
    }

    /// <summary>Refuses images that no accuracy can be measured on.</summary>
    /// <param name="images">What was loaded.</param>
    /// <param name="what">What needs labels, as the beginning of a sentence.</param>
    /// <exception cref="DataException">Too few of them have labels.</exception>
    public static void RequireLabels(ImageData images, string what)
    {
        if (images.WhyNoAccuracy is { } why)
        {
            throw new DataException($"{images.Name}: {what} the classes of the images, but {why}; wanted {(images.Train.HasLabels ? "training images of two classes at least, and test images with labels" : "a folder for each class")}.");
        }
    }

    /// <summary>Refuses an output folder within a folder of images, where its pictures would be taken for images by the next run.</summary>
    /// <exception cref="UsageException">It is one.</exception>
    public static void CheckIsOutside(DataSettings settings, string output)
    {
        if (settings.Source == DataSource.Synthetic || BinarySet.IsIn(settings.Source))
        {
            return;
        }
        string way = Path.GetRelativePath(Path.GetFullPath(settings.Source), Path.GetFullPath(output));
        if (!Path.IsPathRooted(way) && way.Split(Path.DirectorySeparatorChar)[0] != "..")
        {
            throw new UsageException($"--output {output} lies in --data {settings.Source}, where its pictures would be taken for images; give another --output.");
        }
    }
}
