using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>
/// The weights of an encoder in a safetensors file: parameters and buffers, under the names that PyTorch gives them: <c>layer1.0.conv1.weight</c>,
/// <c>bn1.running_mean</c>.
/// </summary>
public static class EncoderFile
{
    private static readonly Dictionary<string, string> s_metadata = new() { ["format"] = "pt" }; // which Python's readers ask for

    /// <summary>Writes the weights, replacing the file as a whole.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Write(string path, Encoder encoder)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(encoder);
        using var scope = NewDisposeScope();
        SafeTensors.Write(path, NamedTensors.ToSafeTensors(encoder.state_dict()), s_metadata);
    }

    /// <summary>
    /// Reads weights into an encoder, on any device. The file may hold an encoder alone, or a whole method or model that contains one. The prefix that precedes the encoder's
    /// names is found, floating-point types are converted, and tensors that do not belong to the encoder are left out.
    /// </summary>
    /// <returns>What was taken, converted and left.</returns>
    /// <exception cref="DataException">
    /// The file is missing, cannot be read, is damaged, or holds another encoder. The encoder is then unchanged, and the message says what the file holds, as far as that can be told.
    /// </exception>
    public static WeightsReadResult Read(string path, Encoder encoder)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(encoder);
        if (Directory.Exists(path))
        {
            throw new DataException($"{path}: a folder; a safetensors file is wanted.");
        }
        InputFile.RequireFile(path);
        Dictionary<string, SafeTensor> tensors;
        try
        {
            tensors = InputFile.Access(path, () => SafeTensors.Read(path)).Tensors;
        }
        catch (InvalidDataException e)
        {
            throw new DataException(UnsupportedFile.Describe(path) is { } known ? $"{path}: {known}" : e.Message, e);
        }
        using var scope = NewDisposeScope();
        try
        {
            return new EncoderWeightFinder(tensors, encoder.state_dict()).Take();
        }
        catch (InvalidDataException e)
        {
            throw new DataException($"{path}: {e.Message}", e);
        }
    }
}
