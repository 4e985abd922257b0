namespace ErLoss.Training.Data;

/// <summary>An image of a folder.</summary>
/// <param name="Path">The file.</param>
/// <param name="Label">Index of its class; <see cref="ImageSet.NoLabel"/> if it has none.</param>
internal readonly record struct ImageEntry(string Path, int Label);

/// <summary>The images of a folder, divided into training and test images, before any is decoded.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Train">The training images. Those with labels come first, a class after the other in turn, so that the first images of a set are of all classes.</param>
/// <param name="Test">The test images, likewise.</param>
/// <param name="ClassNames">Names of the classes, by label; empty if no image has a label.</param>
/// <param name="Reading">How the folder was read, as a sentence.</param>
/// <param name="LeftOut">What was left out, and why.</param>
internal sealed record ImageFolder(
    string Path, IReadOnlyList<ImageEntry> Train, IReadOnlyList<ImageEntry> Test, IReadOnlyList<string> ClassNames, string Reading, IReadOnlyList<LeftOutFile> LeftOut);
