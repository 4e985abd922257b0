using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Encoders;

internal sealed class ResNet18Tests
{
    /// <summary>The count of ResNet-18 with this stem and a classifier of ten classes, as published implementations for CIFAR have it.</summary>
    private const long WithClassifier = 11_173_962, Classifier = 512 * 10 + 10;

    /// <summary>torchvision's resnet18, whose classifier has a thousand classes.</summary>
    private const long Torchvision = 11_689_512, ClassifierOfImageNet = 512 * 1000 + 1000;

    private DisposeScope _scope = null!;

    [SetUp]
    public void OpenScope()
    {
        _scope = NewDisposeScope();
        manual_seed(3);
    }

    [TearDown]
    public void CloseScope() => _scope.Dispose();

    [Test]
    public void It_has_the_parameters_of_the_paper()
    {
        using Encoder small = new ResNet18(), large = new ResNet18(ResNetStem.ImageNet);
        Assert.Multiple(() =>
        {
            Assert.That(small.parameters().Sum(parameter => parameter.numel()), Is.EqualTo(WithClassifier - Classifier));
            Assert.That(large.parameters().Sum(parameter => parameter.numel()), Is.EqualTo(Torchvision - ClassifierOfImageNet));
            Assert.That(large.state_dict().Keys, Is.EqualTo(small.state_dict().Keys), "pooling has no weights");
        });
    }

    [Test]
    public void The_stem_is_that_of_the_paper_from_64_pixels_on()
    {
        Assert.Multiple(() =>
        {
            Assert.That(ResNet18.StemFor(63), Is.EqualTo(ResNetStem.Cifar));
            Assert.That(ResNet18.StemFor(64), Is.EqualTo(ResNetStem.ImageNet));
            Assert.That(() => new ResNet18((ResNetStem)2), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("The stem is 2; Cifar or ImageNet is wanted."));
        });
    }

    [TestCase(96)]
    [TestCase(224)]
    public void With_the_stem_of_the_paper_features_of_large_images_are_those_of_a_plain_recomputation(int size)
    {
        using var frozen = no_grad();
        using var encoder = new ResNet18(ResNetStem.ImageNet);
        encoder.eval();
        Tensor image = randn(1, 3, size, size), features = encoder.call(image);
        Dictionary<string, Tensor> weights = encoder.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.to(ScalarType.Float64));
        Assert.That(features.shape, Is.EqualTo(new long[] { 1, 512 }));
        Assert.That(EncoderReference.RelativeError(features, EncoderReference.Features(encoder, weights, image.to(ScalarType.Float64))), Is.LessThan(1e-5));
    }

    [Test]
    public void Names_are_torchvision_s()
    {
        using var encoder = new ResNet18();
        string[] norm = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
        List<string> wanted = ["conv1.weight", .. norm.Select(name => $"bn1.{name}")];
        for (int layer = 1; layer <= 4; layer++)
        {
            foreach (string block in (string[])[$"layer{layer}.0", $"layer{layer}.1"])
            {
                foreach (int i in (int[])[1, 2])
                {
                    wanted.AddRange([$"{block}.conv{i}.weight", .. norm.Select(name => $"{block}.bn{i}.{name}")]);
                }
            }
            if (layer > 1)
            {
                wanted.AddRange([$"layer{layer}.0.downsample.0.weight", .. norm.Select(name => $"layer{layer}.0.downsample.1.{name}")]);
            }
        }
        Assert.That(encoder.state_dict().Keys, Is.EquivalentTo(wanted));
    }

    [Test]
    public void Convolutions_start_with_the_variance_that_keeps_gradients_even()
    {
        using var encoder = new ResNet18();
        Assert.Multiple(() =>
        {
            foreach ((string name, Tensor weight) in encoder.state_dict().Where(entry => entry.Value.dim() == 4))
            {
                double wanted = Math.Sqrt(2.0 / (weight.shape[0] * weight.shape[2] * weight.shape[3]));
                Assert.That(weight.std().ToDouble(), Is.EqualTo(wanted).Within(0.05 * wanted), name);
                Assert.That(weight.mean().ToDouble(), Is.Zero.Within(0.1 * wanted), name);
            }
        });
    }

    [Test]
    public void Features_are_512_numbers_an_image_and_nothing_else_stays_alive()
    {
        using var encoder = new ResNet18();
        Tensor images = randn(2, 3, 32, 32);
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Tensor features = encoder.call(images);
        Assert.Multiple(() =>
        {
            Assert.That(features.shape, Is.EqualTo(new long[] { 2, 512 }));
            Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive + 1));
        });
    }

    [TestCase(2, 3, 2)]
    [TestCase(3, 3, 1)]
    public void A_block_is_that_of_a_plain_recomputation(int inputs, int outputs, int stride)
    {
        using var block = new ResidualBlock(inputs, outputs, stride);
        Dictionary<string, Tensor> weights = block.state_dict();
        foreach ((string name, Tensor weight) in weights.Where(entry => entry.Key.Contains("bn", StringComparison.Ordinal) || entry.Key.Contains("downsample.1", StringComparison.Ordinal)))
        {
            using var frozen = no_grad();
            if (weight.dtype == ScalarType.Float32)
            {
                weight.copy_(rand_like(weight) + 0.5); // statistics and scales that are not the neutral ones
            }
        }
        block.eval();
        Tensor input = randn(1, inputs, 5, 5);

        double[][] image = Planes(input[0]);
        double[][] inner = Relu(Norm(Convolve(image, weights["conv1.weight"], stride), weights, "bn1"));
        double[][] residual = Norm(Convolve(inner, weights["conv2.weight"], 1), weights, "bn2");
        double[][] shortcut = stride == 1 ? image : Norm(Convolve(image, weights["downsample.0.weight"], stride), weights, "downsample.1");
        double[][] wanted = Relu([.. residual.Zip(shortcut, (x, y) => x.Zip(y, (a, b) => a + b).ToArray())]);
        Assert.That(Planes(block.call(input)[0]).SelectMany(plane => plane), Finite.Near(wanted.SelectMany(plane => plane), 1e-4));
    }

    [Test]
    public void A_step_lowers_the_loss_of_the_method_around_it()
    {
        using TwoViewMethod method = new SimClrSettings().Create(() => new ResNet18(), images: 1);
        using var optimizer = optim.SGD(method.parameters(), 0.05);
        Tensor view1 = randn(8, 3, 32, 32), view2 = view1 + 0.3 * randn(8, 3, 32, 32);
        var batch = new ViewBatch(view1, view2, arange(8, dtype: ScalarType.Int64));
        Tensor loss = method.call(batch).Loss;
        loss.backward();
        optimizer.step();
        Assert.Multiple(() =>
        {
            Assert.That(method.Encoder.named_parameters().Where(p => p.parameter.grad is null).Select(p => p.name), Is.Empty);
            Assert.That(method.call(batch).Loss.ToDouble(), Finite.LessThan(loss.ToDouble()));
        });
    }

    /// <summary>Cross-correlation with zeros around the image, element by element, in float64.</summary>
    private static double[][] Convolve(double[][] image, Tensor weight, int stride)
    {
        int side = (int)Math.Sqrt(image[0].Length), kernel = (int)weight.shape[2], newSide = (side - 1) / stride + 1;
        return [.. Enumerable.Range(0, (int)weight.shape[0]).Select(output =>
        {
            double[][] kernels = Planes(weight[output]);
            double[] plane = new double[newSide * newSide];
            for (int i = 0; i < plane.Length; i++)
            {
                for (int j = 0; j < kernel * kernel; j++)
                {
                    int row = i / newSide * stride + j / kernel - kernel / 2, column = i % newSide * stride + j % kernel - kernel / 2;
                    if (row >= 0 && row < side && column >= 0 && column < side)
                    {
                        plane[i] += image.Zip(kernels, (input, weights) => input[row * side + column] * weights[j]).Sum();
                    }
                }
            }
            return plane;
        })];
    }

    private static double[][] Norm(double[][] image, Dictionary<string, Tensor> weights, string name) =>
    [
        .. image.Select((plane, channel) =>
        {
            double At(string part) => weights[$"{name}.{part}"][channel].ToDouble();
            double scale = At("weight") / Math.Sqrt(At("running_var") + 1e-5);
            return plane.Select(value => (value - At("running_mean")) * scale + At("bias")).ToArray();
        }),
    ];

    private static double[][] Relu(double[][] image) => [.. image.Select(plane => plane.Select(value => Math.Max(value, 0)).ToArray())];

    /// <summary>The planes of (c, h, w), each row-major.</summary>
    private static double[][] Planes(Tensor image) =>
        [.. Enumerable.Range(0, (int)image.shape[0]).Select(channel => image[channel].to(ScalarType.Float64).contiguous().data<double>().ToArray())];
}
