using ErLoss.SelfSupervised.Encoders;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.SelfSupervised.Tests.Encoders;

/// <summary>What encoders compute in their evaluation mode, written out anew in float64: patches times weights, normalisation by its formula. No kernel of a convolution has part in it.</summary>
internal static class EncoderReference
{
    /// <summary>A convolution without bias: (k, inputs, h, w) with weights (outputs, inputs, kernel, kernel).</summary>
    public static Tensor Convolve(Tensor images, Tensor weight, int stride, int padding)
    {
        long Sites(long length) => (length + 2 * padding - weight.shape[2]) / stride + 1;
        Tensor patches = functional.unfold(images, weight.shape[2], padding: padding, stride: stride);
        return weight.reshape(weight.shape[0], -1).matmul(patches).reshape(images.shape[0], weight.shape[0], Sites(images.shape[2]), Sites(images.shape[3]));
    }

    /// <summary>Features of an encoder with the given weights, by the names of its state dictionary.</summary>
    public static Tensor Features(Encoder encoder, IReadOnlyDictionary<string, Tensor> weights, Tensor images)
    {
        Tensor maps = images;
        if (encoder is ConvNet)
        {
            for (int block = 1; block <= 4; block++)
            {
                maps = Norm(Convolve(maps, weights[$"layers.block{block}.conv.weight"], block < 4 ? 2 : 1, 1), $"layers.block{block}.bn").relu();
            }
            return maps.mean([2, 3]);
        }
        maps = encoder is ResNet18 { Stem: ResNetStem.ImageNet }
            ? LargestOfThreeByThree(Norm(Convolve(maps, weights["conv1.weight"], 2, 3), "bn1").relu())
            : Norm(Convolve(maps, weights["conv1.weight"], 1, 1), "bn1").relu();
        for (int layer = 1; layer <= 4; layer++)
        {
            for (int block = 0; block < 2; block++)
            {
                string name = $"layer{layer}.{block}";
                int stride = layer > 1 && block == 0 ? 2 : 1;
                Tensor inner = Norm(Convolve(maps, weights[$"{name}.conv1.weight"], stride, 1), $"{name}.bn1").relu();
                Tensor shortcut = stride == 1 ? maps : Norm(Convolve(maps, weights[$"{name}.downsample.0.weight"], stride, 0), $"{name}.downsample.1");
                maps = (Norm(Convolve(inner, weights[$"{name}.conv2.weight"], 1, 1), $"{name}.bn2") + shortcut).relu();
            }
        }
        return maps.mean([2, 3]);

        Tensor Norm(Tensor x, string name)
        {
            Tensor Of(string part) => weights[$"{name}.{part}"].reshape(1, -1, 1, 1);
            return (x - Of("running_mean")) / (Of("running_var") + 1e-5).sqrt() * Of("weight") + Of("bias");
        }
    }

    /// <summary>The largest value of 3×3 pixels at every other place. Values are zero or above, so that zeros around the maps change nothing.</summary>
    private static Tensor LargestOfThreeByThree(Tensor maps)
    {
        long Sites(long length) => (length - 1) / 2 + 1;
        Tensor squares = functional.unfold(maps, 3, padding: 1, stride: 2).reshape(maps.shape[0], maps.shape[1], 9, -1);
        return squares.amax([2]).reshape(maps.shape[0], maps.shape[1], Sites(maps.shape[2]), Sites(maps.shape[3]));
    }

    /// <summary>‖x − truth‖ / ‖truth‖, of a truth that is finite and not zero.</summary>
    public static double RelativeError(Tensor x, Tensor truth)
    {
        double length = truth.norm().ToDouble();
        Assert.That(length, Is.GreaterThan(0).And.LessThan(double.PositiveInfinity), "the truth says nothing");
        double error = (x.to(ScalarType.Float64) - truth).norm().ToDouble() / length;
        return double.IsNaN(error) ? double.PositiveInfinity : error; // a limit that NaN is under would hold nothing
    }

    /// <summary>The same values, laid out channels-last.</summary>
    public static Tensor ChannelsLast(Tensor images) => images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
}
