using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;

namespace ErLoss.Training.Embeddings;

/// <summary>How much of an unfinished file of features is known to be on the disk, and what it was computed from.</summary>
/// <param name="Computation">Fingerprint of all that decides the features of an image but the image.</param>
/// <param name="Images">Fingerprint of the images whose features are there, and of those left out among them.</param>
/// <param name="Rows">Their number.</param>
/// <param name="Checksum">Of the rows, in hexadecimal digits.</param>
/// <param name="LeftOut">The images that could not be read, in their order.</param>
/// <param name="SkippingRule">What decided which these are; null if none were to be left out.</param>
internal sealed record FeatureProgress(string Computation, string Images, int Rows, string Checksum, IReadOnlyList<UnreadableImage> LeftOut, string? SkippingRule)
{
    private const int Longest = 1 << 24;

    /// <summary>Number of images whose features are there, or that were left out.</summary>
    public long Done => (long)Rows + LeftOut.Count;

    private bool IsSound => Rows >= 0 && LeftOut.All(image => image is { Fault: not null }) && LeftOut.Select(image => image.Index).Zip([-1, .. LeftOut.Select(image => image.Index)]).All(pair => pair.First > pair.Second && pair.First < Done);

    /// <summary>Writes it, replacing the file as a whole.</summary>
    public void Write(string path) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, this));

    /// <summary>Reads it; null if there is none, or none that is sound: the features are then computed from the beginning.</summary>
    public static FeatureProgress? TryRead(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            FeatureProgress? progress = stream.Length <= Longest ? JsonSerializer.Deserialize<FeatureProgress>(stream) : null;
            return progress is { Computation: not null, Images: not null, Checksum: not null, LeftOut: not null, IsSound: true } ? progress : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
