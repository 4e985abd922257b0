using ErLoss.SelfSupervised.Encoders;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Encoders;

/// <summary>
/// Convolutions against patches and products in float64. The first five and the last are shapes in which oneDNN was seen to be wrong, or
/// to end the process, on a machine that does not tell its caches.
/// </summary>
internal sealed class ImageConvolutionTests : TensorTests
{
    [Test]
    public void It_is_patches_times_weights_and_so_are_its_gradients(
        [Values("256 512 1 2 8", "256 512 1 2 14", "256 512 1 1 4", "512 512 1 1 7", "512 1024 1 2 8", "256 256 1 2 8", "64 128 1 2 9", "256 512 3 2 8", "3 8 3 2 9")] string shape,
        [Values(1, 2, 16)] int batch,
        [Values] bool rounds,
        [Values] bool channelsLast)
    {
        int[] numbers = [.. shape.Split(' ').Select(int.Parse)];
        (int inputs, int outputs, int kernel, int stride, int size) = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
        ScalarType type = rounds ? ScalarType.BFloat16 : ScalarType.Float32;
        using var convolution = new ImageConvolution(inputs, outputs, kernel, stride, padding: kernel / 2);
        Tensor images = randn(batch, inputs, size, size).to(type);
        Tensor laidOut = (channelsLast ? EncoderReference.ChannelsLast(images) : images.alias()).detach().requires_grad_();
        Tensor exactImages = images.to(ScalarType.Float64).requires_grad_();
        Tensor exactWeight = convolution.Weight.detach().to(type).to(ScalarType.Float64).requires_grad_();

        Tensor maps = convolution.call(laidOut), truth = EncoderReference.Convolve(exactImages, exactWeight, stride, kernel / 2);
        Tensor direction = randn_like(maps);
        maps.backward([direction]);
        truth.backward([direction.to(ScalarType.Float64)]);
        double allowed = rounds ? 0.01 : 1e-5;
        Assert.Multiple(() =>
        {
            Assert.That(maps.dtype, Is.EqualTo(type));
            Assert.That(maps.shape, Is.EqualTo(truth.shape));
            Assert.That(EncoderReference.RelativeError(maps, truth), Is.LessThan(allowed));
            Assert.That(EncoderReference.RelativeError(laidOut.grad!, exactImages.grad!), Is.LessThan(allowed), "gradient of the input");
            Assert.That(EncoderReference.RelativeError(convolution.Weight.grad!, exactWeight.grad!), Is.LessThan(allowed), "gradient of the weights");
        });
    }

    [TestCase(1)]
    [TestCase(2)]
    public void Part_of_a_tensor_will_do_as_input(int stride)
    {
        using var convolution = new ImageConvolution(8, 16, kernelSize: 1, stride);
        Tensor all = EncoderReference.ChannelsLast(randn(6, 12, 7, 9));
        Tensor part = all.narrow(0, 2, 3).narrow(1, 3, 8).narrow(3, 1, 8);
        Tensor truth = EncoderReference.Convolve(part.to(ScalarType.Float64), convolution.Weight.detach().to(ScalarType.Float64), stride, 0);
        Assert.That(EncoderReference.RelativeError(convolution.call(part).detach(), truth), Is.LessThan(1e-5));
    }

    [Test]
    public void In_float64_it_is_patches_times_weights_too([Values(1, 3)] int kernel, [Values(1, 2)] int stride)
    {
        using var convolution = new ImageConvolution(5, 7, kernel, stride, padding: kernel / 2);
        Tensor images = randn(3, 5, 8, 6, dtype: ScalarType.Float64);
        Tensor truth = LibtorchConvolution(images, convolution.Weight.detach().to(ScalarType.Float64), stride, kernel / 2);
        Tensor maps = convolution.call(images);
        Assert.That(maps.dtype, Is.EqualTo(ScalarType.Float64));
        Assert.That(EncoderReference.RelativeError(maps.detach(), truth), Is.LessThan(1e-14));
    }

    [Test]
    public void Nothing_but_its_output_stays_alive([Values(1, 3)] int kernel)
    {
        using var convolution = new ImageConvolution(4, 4, kernel, stride: 2, padding: kernel / 2);
        Tensor images = randn(2, 4, 6, 6);
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Tensor maps = convolution.call(images);
        Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive + 1));
        Assert.That(maps.shape, Is.EqualTo(new long[] { 2, 4, 3, 3 }));
    }

    private static Tensor LibtorchConvolution(Tensor images, Tensor weight, int stride, int padding) =>
        nn.functional.conv2d(images, weight, null, [stride, stride], [padding, padding]);

    [TestCase(0, 1, 1, 1, 0, "inputs")]
    [TestCase(1, 0, 1, 1, 0, "outputs")]
    [TestCase(1, 1, 0, 1, 0, "kernelSize")]
    [TestCase(1, 1, 1, 0, 0, "stride")]
    [TestCase(1, 1, 1, 1, -1, "padding")]
    public void An_argument_that_is_too_small_is_refused(int inputs, int outputs, int kernelSize, int stride, int padding, string name) => Assert.That(
        () => new ImageConvolution(inputs, outputs, kernelSize, stride, padding), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo(name));

    [TestCase(3, 8, 8)]
    [TestCase(1, 2, 8, 8)]
    public void An_input_of_another_shape_is_refused(params long[] shape)
    {
        using var convolution = new ImageConvolution(3, 4, kernelSize: 1);
        Assert.That(() => convolution.call(zeros(shape)), Throws.ArgumentException.With.Message.Contains("(k, 3, h, w) is wanted"));
    }

    [Test]
    public void An_input_of_whole_numbers_or_none_is_refused()
    {
        using var convolution = new ImageConvolution(3, 4, kernelSize: 1);
        Tensor disposed = zeros(1, 3, 8, 8);
        disposed.Dispose();
        Assert.That(() => convolution.call(zeros(1, 3, 8, 8, ScalarType.Byte)), Throws.ArgumentException.With.Message.Contains("The dtype is Byte; a floating-point type is wanted"));
        Assert.That(() => convolution.call(disposed), Throws.ArgumentException.With.Message.Contains("disposed"));
    }
}
