namespace ErLoss.Training.Data;

/// <summary>An image of an <see cref="ImageListing"/>.</summary>
/// <param name="Path">The file, relative to the folder that was listed, with slashes; of an image that has no file of its own, the name of its part and its number in it.</param>
/// <param name="Label">Its class; empty if there is none.</param>
/// <param name="Split">The part of the set that it is in, such as <c>train</c>; empty if there are no parts.</param>
internal sealed record ListedImage(string Path, string Label, string Split);
