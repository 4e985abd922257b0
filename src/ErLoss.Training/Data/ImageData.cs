using System.IO.Hashing;
using System.Runtime.InteropServices;
using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>A data set: training and test images of the same classes.</summary>
/// <param name="Name">What reports call it, such as <c>CIFAR-10</c>.</param>
/// <param name="Train">The images an encoder is trained on; those with labels are the kNN's neighbours.</param>
/// <param name="Test">The images that accuracies are measured on, as far as they have labels.</param>
internal sealed record ImageData(string Name, ImageSet Train, ImageSet Test)
{
    private const int ClassesNamed = 5;

    /// <summary>How the files were read, as a sentence; null where there is no choice.</summary>
    public string? Reading { get; init; }

    /// <summary>Files and folders that were left out.</summary>
    public IReadOnlyList<LeftOutFile> LeftOut { get; init; } = [];

    /// <summary>Why no accuracy can be measured, as a part of a sentence; null if one can be. Images without labels neither vote nor are classified.</summary>
    public string? WhyNoAccuracy =>
        (Train.HasLabels, Test.HasLabels) switch
        {
            (false, false) => "the images have no labels",
            (false, true) => "no training image has a label",
            (true, false) => "no test image has a label",
            _ => Train.Labels.Where(label => label != ImageSet.NoLabel).Distinct().Count() == 1
                ? $"all {(Train.LabelledCount == Train.Count ? "" : "labelled ")}training images ({Train.LabelledCount}) are of one class" : null,
        };

    /// <summary>How many images there are, at which size they are used, and how many of them have labels unless all have.</summary>
    public string Counts
    {
        get
        {
            string all = $"{Train.Count:n0} training and {Test.Count:n0} test images of {Train.Size}x{Train.Size} pixels";
            return Train.LabelledCount == Train.Count && Test.LabelledCount == Test.Count ? all
                : !Train.HasLabels && !Test.HasLabels ? $"{all} without labels"
                : $"{all}, of which {Train.LabelledCount:n0} and {Test.LabelledCount:n0} have labels";
        }
    }

    /// <summary>A line that says what there is, and which classes have no test image, or why no accuracy is measured.</summary>
    public string Summary
    {
        get
        {
            if (WhyNoAccuracy is { } why)
            {
                return Train.HasLabels || Test.HasLabels ? $"{Name}: {Counts}. No accuracy is measured, since {why}" : $"{Name}: {Counts}, so that no accuracy is measured";
            }
            string[] untested = [.. Train.ClassNames.Where((_, label) => !Test.Labels.Contains(label))];
            string names = string.Join(", ", untested.Take(ClassesNamed)) + (untested.Length > ClassesNamed ? $" and {untested.Length - ClassesNamed} more" : "");
            return $"{Name}: {Counts}{(Train.LabelledCount < Train.Count ? ";" : ",")} {Train.ClassNames.Count} classes"
                + (untested.Length == 0 ? "" : $". Warning: there is no test image of {names}, so that the accuracies say nothing about {(untested.Length == 1 ? "that class" : "these classes")}.");
        }
    }

    /// <summary>A sentence on the file that the decoded images are in; null if they are in none.</summary>
    public string? CacheUse { get; init; }

    /// <summary>The <see cref="Fingerprint"/> of two sets where it is known already, which saves reading all of their pixels.</summary>
    public (ImageSet Train, ImageSet Test, string Value)? KnownFingerprint { get; init; }

    /// <summary>
    /// A number, in hexadecimal digits, that another data set has only by a chance of 2⁻¹²⁸: the XxHash128 of all pixels and labels, in order, without the labels of a set that has none. Where the pixels are does not matter.
    /// </summary>
    /// <param name="cancellation">Heeded where pixels are read from a file.</param>
    /// <exception cref="DataException">The pixels cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public string Fingerprint(CancellationToken cancellation = default)
    {
        if (KnownFingerprint is { } known && known.Train == Train && known.Test == Test)
        {
            return known.Value;
        }
        var hash = new XxHash128();
        foreach (ImageSet images in (ImageSet[])[Train, Test])
        {
            hash.Append(BitConverter.GetBytes(images.Count));
            images.Source.AppendTo(hash, cancellation);
            if (images.HasLabels)
            {
                hash.Append(MemoryMarshal.AsBytes<int>(images.Labels));
            }
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
