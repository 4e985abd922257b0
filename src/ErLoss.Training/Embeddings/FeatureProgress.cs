using System.Text.Json;
using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Embeddings;

/// <summary>How much of an unfinished file of features is known to be on the disk, and what it was computed from.</summary>
/// <param name="Computation">Fingerprint of all that decides the features of an image but the image.</param>
/// <param name="Images">Fingerprint of the images whose features are there.</param>
/// <param name="Rows">Their number.</param>
/// <param name="Checksum">Of the rows, in hexadecimal digits.</param>
internal sealed record FeatureProgress(string Computation, string Images, int Rows, string Checksum)
{
    private const int Longest = 4096;

    /// <summary>Writes it, replacing the file as a whole.</summary>
    public void Write(string path) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, this));

    /// <summary>Reads it; null if there is none, or none that is sound: the features are then computed from the beginning.</summary>
    public static FeatureProgress? TryRead(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            FeatureProgress? progress = stream.Length <= Longest ? JsonSerializer.Deserialize<FeatureProgress>(stream) : null;
            return progress is { Computation: not null, Images: not null, Checksum: not null, Rows: >= 0 } ? progress : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
