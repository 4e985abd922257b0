using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Weights;

namespace ErTraining.Commands;

/// <summary>What commands say of an encoder and of the file that its weights come from.</summary>
internal static class WeightsLines
{
    /// <summary>The encoder in words, with what its name leaves open: "resnet18 (imagenet stem)", "convnet (width 16)".</summary>
    /// <param name="name">Name of its kind.</param>
    /// <param name="encoder">The network.</param>
    public static string Describe(string name, Encoder encoder) => encoder switch
    {
        ResNet18 { Stem: var stem, Width: ResNet18.DefaultWidth } => $"{name} ({Word(stem)} stem)",
        ResNet18 { Stem: var stem, Width: var width } => $"{name} ({Word(stem)} stem, width {width})",
        ConvNet { Width: not ConvNet.DefaultWidth and var width } => $"{name} (width {width})",
        _ => name,
    };

    /// <summary>The word that sets a stem.</summary>
    public static string Word(ResNetStem stem) => stem.ToString().ToLowerInvariant();

    /// <summary>Says what was taken from a file, and how images are given to weights of another program that have ImageNet's stem, or to weights for images of another size.</summary>
    /// <param name="file">The file.</param>
    /// <param name="taken">What was taken from it.</param>
    /// <param name="encoder">The network that has the weights.</param>
    /// <param name="imageSize">Height and width of the images that it is given.</param>
    public static void Write(string file, WeightsReadResult taken, Encoder encoder, int imageSize)
    {
        Console.WriteLine($"{file}: {taken}");
        EncoderMetadata metadata = EncoderFile.ReadMetadata(file);
        if (metadata.Network is not null && metadata.Preprocessing.ImageSize != imageSize)
        {
            int size = metadata.Preprocessing.ImageSize;
            Console.WriteLine($"{file}: the weights are for images of {size}x{size} pixels, and they are given images of {imageSize}x{imageSize} (--image-size).");
        }
        if (encoder is ResNet18 { Stem: ResNetStem.ImageNet } && metadata.Network is null)
        {
            Console.WriteLine(FormattableString.Invariant(
                $"{file}: the weights have ImageNet's stem and do not say what images they are for. Images are given to them at {imageSize}x{imageSize} pixels (--image-size), a byte x as (x / 255 - {metadata.Preprocessing.Mean}) / {metadata.Preprocessing.StandardDeviation}. Such weights were usually trained at {EncoderMetadata.ImageNetSize}x{EncoderMetadata.ImageNetSize}, with ImageNet's means and deviations."));
        }
    }
}
