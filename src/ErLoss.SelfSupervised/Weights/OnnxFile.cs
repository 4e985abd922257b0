using System.Reflection;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Onnx;

namespace ErLoss.SelfSupervised.Weights;

/// <summary>
/// An encoder in an ONNX file, for programs without libtorch. The input <c>pixels</c> are bytes (batch, height, width, 3) of RGB images, the output <c>features</c> is (batch, features) in float32;
/// the graph contains the preprocessing. Its metadata say which encoder it is and what size of images it was trained on.
/// </summary>
public static class OnnxFile
{
    /// <summary>Name of the input.</summary>
    public const string Input = "pixels";

    /// <summary>Name of the output.</summary>
    public const string Output = "features";

    /// <summary>Writes the encoder, replacing the file as a whole.</summary>
    /// <param name="path">The file, in an existing directory.</param>
    /// <param name="encoder">On any device and in either mode; the file computes as in evaluation mode.</param>
    /// <param name="preprocessing">What the encoder expects of images; null for the way of training here, with images of 32×32 pixels.</param>
    /// <exception cref="NotSupportedException">The encoder has no description as operators of ONNX.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Write(string path, Encoder encoder, ImagePreprocessing? preprocessing = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(encoder);
        preprocessing ??= new ImagePreprocessing();
        var graph = new OnnxGraph();
        graph.Features(encoder.Describe(graph, graph.Images(Input, preprocessing.Mean, preprocessing.StandardDeviation)), Output, encoder.FeatureDimension);
        EncoderMetadata metadata = EncoderMetadata.Of(encoder, preprocessing);
        string version = typeof(OnnxFile).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
        OnnxMessage model = graph.Model(metadata.Network!, ("ErLoss", version), metadata.ToTexts());
        AtomicFile.Write(path, model.WriteTo);
    }
}
