using System.Text;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training.Data;

namespace ErLoss.Training.Embeddings;

/// <summary>The images of a listing as a table of comma-separated values (RFC 4180): path, class and split of each, a line each, in the order of the rows of a file of features.</summary>
internal static class ImageTable
{
    /// <summary>Writes the table, replacing the file as a whole.</summary>
    public static void Write(string path, IEnumerable<ListedImage> images) => AtomicFile.Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true) { NewLine = "\n" };
        writer.WriteLine("path,label,split");
        foreach (ListedImage image in images)
        {
            writer.WriteLine($"{Field(image.Path)},{Field(image.Label)},{Field(image.Split)}");
        }
    });

    private static string Field(string text) => text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
