using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>
/// The weights of an encoder in a safetensors file: parameters and buffers, under the names that PyTorch gives them: <c>layer1.0.conv1.weight</c>,
/// <c>bn1.running_mean</c>. The file's metadata name the network and what it expects of images.
/// </summary>
public static class EncoderFile
{
    /// <summary>The networks of this library, by their names in files.</summary>
    private static readonly Dictionary<string, Func<EncoderMetadata, Encoder>> s_networks = new()
    {
        ["convnet"] = file => new ConvNet(file.ConvNetWidth ?? ConvNet.DefaultWidth),
        ["resnet18"] = file => new ResNet18(file.Stem ?? ResNetStem.Cifar, file.ResNetWidth ?? ResNet18.DefaultWidth),
    };

    /// <summary>Writes the weights, replacing the file as a whole.</summary>
    /// <param name="path">The file, in an existing directory.</param>
    /// <param name="encoder">On any device.</param>
    /// <param name="preprocessing">What the encoder expects of images; null for the way of training here, with images of 32×32 pixels.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Write(string path, Encoder encoder, ImagePreprocessing? preprocessing = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(encoder);
        using var scope = NewDisposeScope();
        Dictionary<string, string> metadata = EncoderMetadata.Of(encoder, preprocessing ?? new ImagePreprocessing()).ToTexts();
        metadata["format"] = "pt"; // which Python's readers ask for
        SafeTensors.Write(path, NamedTensors.ToSafeTensors(encoder.state_dict()), metadata);
    }

    /// <summary>
    /// Loads an encoder of this library, on the CPU: the file says which network it is and how images are given to it. Where it does not say, as files of other programs do not, the network is
    /// the one whose weights have these names and shapes, and the images are those of training here, of 32×32 pixels, or of 224×224 pixels if it is a ResNet with ImageNet's stem.
    /// </summary>
    /// <returns>The encoder; to be disposed of.</returns>
    /// <exception cref="DataException">The file is missing, cannot be read, is damaged, or holds another encoder.</exception>
    public static TrainedEncoder Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        (Dictionary<string, SafeTensor> tensors, EncoderMetadata metadata) = Contents(path);
        string[] candidates =
            metadata.Network is not { } named ? [.. s_networks.Keys]
            : s_networks.ContainsKey(named) ? [named]
            : throw new DataException($"{path}: the encoder '{named}', which is none of {string.Join(", ", s_networks.Keys)}; make the network and hand it in with the file's name.");
        foreach (string name in candidates)
        {
            Encoder encoder = DefaultGenerator.Preserve(() => s_networks[name](metadata));
            try
            {
                Take(path, tensors, encoder);
                return new TrainedEncoder(encoder, metadata.Preprocessing);
            }
            catch (DataException) when (name != candidates[^1])
            {
                encoder.Dispose();
            }
            catch
            {
                encoder.Dispose();
                throw;
            }
        }
        throw new InvalidOperationException("There is no network.");
    }

    /// <summary>Loads weights into an encoder of any architecture. What images it is given is in the file, as with <see cref="Load(string)"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="encoder">Gets the weights, and belongs to what is returned.</param>
    /// <returns>The encoder; to be disposed of.</returns>
    /// <exception cref="DataException">As for <see cref="Read"/>. The encoder is then unchanged.</exception>
    public static TrainedEncoder Load(string path, Encoder encoder)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(encoder);
        (Dictionary<string, SafeTensor> tensors, EncoderMetadata metadata) = Contents(path);
        Take(path, tensors, encoder);
        return new TrainedEncoder(encoder, metadata.Preprocessing);
    }

    /// <summary>
    /// Reads weights into an encoder, on any device. The file may hold an encoder alone, or a whole method or model that contains one. The prefix that precedes the encoder's
    /// names is found, floating-point types are converted, and tensors that do not belong to the encoder are left out. The parts of a ResNet may be numbered, as those of
    /// <c>nn.Sequential(*resnet.children())</c> are.
    /// </summary>
    /// <returns>What was taken, converted and left.</returns>
    /// <exception cref="DataException">
    /// The file is missing, cannot be read, is damaged, or holds another encoder. The encoder is then unchanged, and the message says what the file holds, as far as that can be told.
    /// </exception>
    public static WeightsReadResult Read(string path, Encoder encoder)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(encoder);
        return Take(path, ResNetWeights.Named(Access(path, SafeTensors.Read).Tensors), encoder);
    }

    /// <summary>What a file says of its encoder.</summary>
    /// <exception cref="DataException">The file is missing, cannot be read, is damaged, or what it says is not sound.</exception>
    internal static EncoderMetadata ReadMetadata(string path)
    {
        (Dictionary<string, long[]> shapes, Dictionary<string, string> metadata) = Access(path, SafeTensors.ReadHeader);
        return Parse(path, metadata, ResNetWeights.Named(shapes));
    }

    private static (Dictionary<string, SafeTensor> Tensors, EncoderMetadata Metadata) Contents(string path)
    {
        (Dictionary<string, SafeTensor> read, Dictionary<string, string> metadata) = Access(path, SafeTensors.Read);
        Dictionary<string, SafeTensor> tensors = ResNetWeights.Named(read);
        return (tensors, Parse(path, metadata, tensors.ToDictionary(tensor => tensor.Key, tensor => tensor.Value.Shape)));
    }

    private static EncoderMetadata Parse(string path, Dictionary<string, string> texts, Dictionary<string, long[]> shapes)
    {
        try
        {
            return EncoderMetadata.Parse(texts, shapes);
        }
        catch (InvalidDataException e)
        {
            throw new DataException($"{path}: {e.Message}", e);
        }
    }

    private static T Access<T>(string path, Func<string, T> read)
    {
        if (Directory.Exists(path))
        {
            throw new DataException($"{path}: a folder; a safetensors file is wanted.");
        }
        InputFile.RequireFile(path);
        try
        {
            return InputFile.Access(path, () => read(path));
        }
        catch (InvalidDataException e)
        {
            throw new DataException(UnsupportedFile.Describe(path) is { } known ? $"{path}: {known}" : e.Message, e);
        }
    }

    private static WeightsReadResult Take(string path, Dictionary<string, SafeTensor> tensors, Encoder encoder)
    {
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
