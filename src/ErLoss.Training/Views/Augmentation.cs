using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Data;
using ErLoss.Training.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Training.Views;

/// <summary>
/// The random change that makes a view of an image, done to a batch on the images' device: resized crop, horizontal flip, colour jitter, grayscale and blur, every
/// image with draws of its own.
/// </summary>
/// <remarks>
/// The augmentations of SimCLR (Chen et al., ICML 2020, appendix A); see <see cref="ViewSettings"/>.
/// Brightness, saturation, hue and grayscale are linear in (R, G, B), so each image's are one 3×3 matrix, and contrast adds an offset:
/// one matrix product does all of them. Hue turns colours about the grey axis, which is linear, instead of in the HSV hexagon.
/// The random numbers of a batch are drawn on the CPU, whatever device the images are on, and copied there at once: TorchSharp has no generator of
/// another device, and so the views of a seed are the same everywhere. The constants stay on the device.
/// </remarks>
internal sealed class Augmentation : IDisposable
{
    /// <summary>Uniform numbers that a view of an image takes in any case.</summary>
    private const int Draws = 11;

    /// <summary>Those that it takes besides if crops are drawn again or views are blurred. They are drawn after the others, which are therefore the same with them and without.</summary>
    private const int MoreDraws = CropShape.FurtherDraws + GaussianBlur.Draws;

    /// <summary>Luma of ITU-R BT.601, as everywhere in colour jitter.</summary>
    private static readonly float[] Luma = [0.299f, 0.587f, 0.114f];

    private readonly int _size;
    private readonly double _leastArea, _mostArea;
    private readonly ViewSettings _settings;
    private readonly GaussianBlur? _blur;
    private readonly Tensor _centres, _identity, _cross, _luma, _grey;

    /// <summary>Puts the constants on the images' device.</summary>
    /// <param name="device">The images' device.</param>
    /// <param name="size">Height and width of a view, in pixels.</param>
    /// <param name="leastArea">The smallest share of an image's area that a crop takes.</param>
    /// <param name="mostArea">The largest.</param>
    /// <param name="settings">How views are drawn otherwise.</param>
    /// <param name="imageSize">Height and width of the images, of which small crops show a part.</param>
    public Augmentation(Device device, int size, double leastArea, double mostArea, ViewSettings settings, int imageSize)
    {
        using var scope = NewDisposeScope();
        (_size, _leastArea, _mostArea, _settings) = (size, leastArea, mostArea, settings);
        _blur = settings.BlurProbabilityAt(imageSize) is > 0 and var probability ? new GaussianBlur(device, size, probability, settings) : null;
        float root = 1 / MathF.Sqrt(3);
        _centres = ((arange(size, dtype: ScalarType.Float32, device: device) * 2 + (1 - size)) / size).DetachFromDisposeScope(); // of pixels, at (2i + 1)/n − 1
        _identity = eye(3, dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
        _cross = tensor(new[] { 0, -root, root, root, 0, -root, -root, root, 0 }, device: device).view(3, 3).DetachFromDisposeScope();
        _luma = tensor(Luma, device: device).view(1, 1, 3).DetachFromDisposeScope();
        _grey = _luma.expand(1, 3, 3).DetachFromDisposeScope();
    }

    /// <summary>Uniform numbers for views of images.</summary>
    /// <param name="views">How many views of each image are drawn at once.</param>
    /// <param name="crops">How many crops of each image a view has, the first of each image, then the second of each, and so on.</param>
    /// <param name="share">Which images of a batch they are for. Those of the whole batch are drawn, so that those of an image do not depend on the share.</param>
    /// <param name="device">Where the images are.</param>
    /// <param name="generator">Where the numbers come from.</param>
    /// <returns>Those of each view.</returns>
    public IReadOnlyList<ViewDraws> Draw(int views, int crops, Share share, Device device, Generator generator)
    {
        Tensor always = Uniform(views, Draws, crops, share, device, generator);
        Tensor? more = _blur is not null || _settings.CropFit == CropFit.Redraw ? Uniform(views, MoreDraws, crops, share, device, generator) : null;
        return [.. Enumerable.Range(0, views).Select(view => new ViewDraws(always[view], more?[view]))];
    }

    /// <summary>A view of each image.</summary>
    /// <param name="images">(k, 3, h, w), float32 in [0, 1].</param>
    /// <param name="draws">Those of <see cref="Draw"/> for as many images.</param>
    /// <returns>(k, 3, size, size), float32, centred as <see cref="Pixels.Center"/> does. The caller's dispose scope takes what is made on the way.</returns>
    public Tensor View(Tensor images, ViewDraws draws)
    {
        Tensor view = ChangeColours(CropResizeFlip(images, draws), draws.Always);
        return _blur is null ? view : _blur.Apply(view, draws.More!.narrow(0, CropShape.FurtherDraws, GaussianBlur.Draws));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _centres.Dispose();
        _identity.Dispose();
        _cross.Dispose();
        _luma.Dispose();
        _grey.Dispose();
        _blur?.Dispose();
    }

    /// <summary>Uniform numbers on [0, 1), on a device.</summary>
    /// <remarks>
    /// The host does not wait for a GPU here: memory that is pinned is copied in the background, and libtorch does not give it to anybody else
    /// before that is done, though it be disposed of at once.
    /// </remarks>
    private static Tensor Uniform(int views, int numbers, int crops, Share share, Device device, Generator generator)
    {
        Tensor draws = rand(views, numbers, crops * share.Total, dtype: ScalarType.Float32, device: CPU, generator: generator);
        if (!share.IsWhole)
        {
            draws = share.Part(draws.view(views, numbers, crops, share.Total), 3).reshape(views, numbers, crops * share.Count);
        }
        return device.type == DeviceType.CUDA ? draws.pin_memory().to(device, non_blocking: true) : draws.to(device);
    }

    /// <summary>An affine map an image: a crop of random area, aspect and place, stretched to the size of a view, some of them mirrored.</summary>
    private Tensor CropResizeFlip(Tensor images, ViewDraws all)
    {
        Tensor draws = all.Always;
        (Tensor width, Tensor height) = _settings.CropFit == CropFit.Redraw
            ? CropShape.FirstThatFits(draws[0], draws[1], all.More!.narrow(0, 0, CropShape.FurtherDraws), _leastArea, _mostArea)
            : CropShape.Clamped(draws[0], draws[1], _leastArea, _mostArea);
        Tensor centreX = (draws[2] * 2 - 1) * (1 - width);
        Tensor centreY = (draws[3] * 2 - 1) * (1 - height);
        Tensor mirror = draws[4].ge(_settings.FlipProbability).to(ScalarType.Float32) * 2 - 1;

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
        Tensor strength = (draws[5] < _settings.JitterProbability).to(ScalarType.Float32) * 2;
        Tensor Factor(int draw, double range) => (draws[draw] - 0.5) * strength * range;
        Tensor brightness = Factor(6, _settings.JitterBrightness) + 1;
        Tensor contrast = (Factor(7, _settings.JitterContrast) + 1).view(count, 1, 1);
        Tensor saturation = Factor(8, _settings.JitterSaturation) + 1;
        Tensor hue = Factor(9, _settings.JitterHue * 2 * Math.PI);
        saturation = saturation * (draws[10] >= _settings.GrayscaleProbability).to(ScalarType.Float32); // grayscale is no saturation at all

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
