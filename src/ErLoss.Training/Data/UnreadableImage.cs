namespace ErLoss.Training.Data;

/// <summary>An image of an <see cref="ImageListing"/> that cannot be read.</summary>
/// <param name="Index">Its place in the listing.</param>
/// <param name="Fault">What is wrong with it.</param>
internal sealed record UnreadableImage(int Index, string Fault);
