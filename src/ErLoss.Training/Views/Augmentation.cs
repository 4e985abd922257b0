using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Training.Views;

/// <summary>
/// The random change that makes a view of an image, done to a batch on the images' device: resized crop, horizontal flip, colour jitter and grayscale, every
/// image with draws of its own.
/// </summary>
/// <remarks>
/// The augmentations of SimCLR (Chen et al., ICML 2020, appendix A) with its settings for CIFAR (no blur, half the jitter's strength).
/// Brightness, saturation, hue and grayscale are linear in (R, G, B), so each image's are one 3×3 matrix, and contrast adds an offset:
/// one matrix product does all of them. Hue turns colours about the grey axis, which is linear, instead of in the HSV hexagon.
/// The random numbers of a batch are drawn on the CPU, whatever device the images are on, and copied there at once: TorchSharp has no generator of
/// another device, and so the views of a seed are the same everywhere. The constants stay on the device.
/// </remarks>
internal sealed class Augmentation : IDisposable
{
    /// <summary>Uniform numbers that a view of an image takes.</summary>
    public const int Draws = 11;

    private const double WidestAspect = 4.0 / 3;      // and its inverse
    private const double JitterProbability = 0.8;
    private const double Jitter = 0.4;                // of brightness, contrast and saturation: factors in 1 ± 0.4
    private const double HueJitter = 0.1 * 2 * Math.PI;
    private const double GrayscaleProbability = 0.2;

    /// <summary>Between two numbers that can be drawn, multiples of 2⁻²⁴, so that no view has a sign of zero.</summary>
    private const float Half = 0.5f - 1f / (1 << 25);

    /// <summary>Luma of ITU-R BT.601, as everywhere in colour jitter.</summary>
    private static readonly float[] Luma = [0.299f, 0.587f, 0.114f];

    private readonly int _size;
    private readonly double _leastArea, _mostArea;
    private readonly Tensor _centres, _identity, _cross, _luma, _grey;

    /// <summary>Puts the constants on the images' device.</summary>
    /// <param name="device">The images' device.</param>
    /// <param name="size">Height and width of a view, in pixels.</param>
    /// <param name="leastArea">The smallest share of an image's area that a crop takes.</param>
    /// <param name="mostArea">The largest.</param>
    public Augmentation(Device device, int size, double leastArea, double mostArea)
    {
        using var scope = NewDisposeScope();
        (_size, _leastArea, _mostArea) = (size, leastArea, mostArea);
        float root = 1 / MathF.Sqrt(3);
        _centres = ((arange(size, dtype: ScalarType.Float32, device: device) * 2 + (1 - size)) / size).DetachFromDisposeScope(); // of pixels, at (2i + 1)/n − 1
        _identity = eye(3, dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
        _cross = tensor(new[] { 0, -root, root, root, 0, -root, -root, root, 0 }, device: device).view(3, 3).DetachFromDisposeScope();
        _luma = tensor(Luma, device: device).view(1, 1, 3).DetachFromDisposeScope();
        _grey = _luma.expand(1, 3, 3).DetachFromDisposeScope();
    }

    /// <summary>Uniform numbers on [0, 1), on a device.</summary>
    /// <param name="shape">How many; one of the dimensions has the length <see cref="Draws"/>.</param>
    /// <param name="device">Where they are wanted.</param>
    /// <param name="generator">Where they come from.</param>
    /// <remarks>
    /// The host does not wait for a GPU here: memory that is pinned is copied in the background, and libtorch does not give it to anybody else
    /// before that is done, though it be disposed of at once.
    /// </remarks>
    public static Tensor Draw(ReadOnlySpan<long> shape, Device device, Generator generator)
    {
        Tensor draws = rand(shape, dtype: ScalarType.Float32, device: CPU, generator: generator);
        return device.type == DeviceType.CUDA ? draws.pin_memory().to(device, non_blocking: true) : draws.to(device);
    }

    /// <summary>A view of each image.</summary>
    /// <param name="images">(k, 3, h, w), float32 in [0, 1].</param>
    /// <param name="draws">(<see cref="Draws"/>, k), uniform on [0, 1).</param>
    /// <returns>(k, 3, size, size), float32, centred as <see cref="Pixels.Center"/> does. The caller's dispose scope takes what is made on the way.</returns>
    public Tensor View(Tensor images, Tensor draws) => ChangeColours(CropResizeFlip(images, draws), draws);

    /// <inheritdoc/>
    public void Dispose()
    {
        _centres.Dispose();
        _identity.Dispose();
        _cross.Dispose();
        _luma.Dispose();
        _grey.Dispose();
    }

    /// <summary>An affine map an image: a crop of random area, aspect and place, stretched to the size of a view, half of them mirrored.</summary>
    private Tensor CropResizeFlip(Tensor images, Tensor draws)
    {
        Tensor area = draws[0] * (_mostArea - _leastArea) + _leastArea;
        Tensor rootAspect = ((draws[1] - 0.5) * Math.Log(WidestAspect)).exp(); // sqrt of an aspect between 3/4 and 4/3, uniform in log
        Tensor side = area.sqrt();
        Tensor width = (side * rootAspect).clamp_max_(1);
        Tensor height = (side / rootAspect).clamp_max_(1);
        Tensor centreX = (draws[2] * 2 - 1) * (1 - width);
        Tensor centreY = (draws[3] * 2 - 1) * (1 - height);
        Tensor mirror = (draws[4] - Half).sign();

        // Crops are upright, so a column's x and a row's y make the whole grid.
        Tensor x = (centreX.unsqueeze(1) + (width * mirror).unsqueeze(1) * _centres).unsqueeze(1).expand(-1, _size, -1);
        Tensor y = (centreY.unsqueeze(1) + height.unsqueeze(1) * _centres).unsqueeze(2).expand(-1, -1, _size);
        Tensor grid = stack([x, y], -1);
        return nn.functional.grid_sample(
            images, grid, GridSampleMode.Bilinear, GridSamplePaddingMode.Border, align_corners: false);
    }

    /// <summary>
    /// x ↦ c·M·x + (1 − c)·(mean luma of M·x): M brightens, turns the hue and saturates, c is the contrast. The result is clamped to
    /// the pixel range, centred, and laid out channels-last, which is how the product comes out and what convolutions like.
    /// </summary>
    private Tensor ChangeColours(Tensor images, Tensor draws)
    {
        long count = images.shape[0];
        Tensor strength = (draws[5] < JitterProbability).to(ScalarType.Float32) * 2;
        Tensor Factor(int draw, double range) => (draws[draw] - 0.5) * strength * range;
        Tensor brightness = Factor(6, Jitter) + 1;
        Tensor contrast = (Factor(7, Jitter) + 1).view(count, 1, 1);
        Tensor saturation = Factor(8, Jitter) + 1;
        Tensor hue = Factor(9, HueJitter);
        saturation = saturation * (draws[10] >= GrayscaleProbability).to(ScalarType.Float32); // grayscale is no saturation at all

        // A rotation about (1, 1, 1)/√3 by Rodrigues' formula: cos·I + (1 − cos)·(1/3 everywhere) + sin·K, K the cross product with the axis.
        const float Third = 1f / 3;
        Tensor cos = hue.cos().view(count, 1, 1);
        Tensor rotation = cos * (_identity - Third) + Third + hue.sin().view(count, 1, 1) * _cross;
        Tensor saturate = saturation.view(count, 1, 1) * (_identity - _grey) + _grey;
        Tensor matrix = saturate.matmul(rotation) * brightness.view(count, 1, 1);

        Tensor colours = images.view(count, ImageSet.Channels, -1);
        Tensor meanLuma = _luma.matmul(matrix).matmul(colours.mean([2], keepdim: true));
        Tensor offset = Pixels.Center((1 - contrast) * meanLuma);
        Tensor changed = colours.transpose(1, 2).bmm((matrix * contrast / Pixels.Deviation).transpose(1, 2)).add_(offset);
        return changed.clamp_(Pixels.Least, Pixels.Most).view(count, _size, _size, ImageSet.Channels).permute(0, 3, 1, 2);
    }
}
