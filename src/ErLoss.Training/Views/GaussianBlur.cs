using static TorchSharp.torch;

namespace ErLoss.Training.Views;

/// <summary>
/// Blurs some images of a batch by a Gaussian filter, each with a standard deviation of its own. At the border the image is mirrored about its outermost pixels, as in torchvision's GaussianBlur.
/// </summary>
/// <remarks>
/// The filter is that of SimCLR's published code: its width is a share of that of the image, its weights sum to one. It works on rows and columns in turn, and along one of them it is a matrix
/// product with a matrix for each image, so that images with filters of their own need no convolution each. The matrix of an image that is not blurred is the identity, which changes no bit.
/// </remarks>
internal sealed class GaussianBlur : IDisposable
{
    /// <summary>Uniform numbers that an image takes.</summary>
    public const int Draws = 2;

    private readonly int _size, _radius;
    private readonly double _probability, _leastSigma, _mostSigma;
    private readonly Tensor _identity, _shifts, _exponents;

    /// <summary>Puts the constants on the images' device.</summary>
    /// <param name="device">The images' device.</param>
    /// <param name="size">Height and width of an image.</param>
    /// <param name="probability">The share of images that are blurred.</param>
    /// <param name="settings">The width of the filter and its standard deviations.</param>
    public GaussianBlur(Device device, int size, double probability, ViewSettings settings)
    {
        using var scope = NewDisposeScope();
        (_size, _probability, _leastSigma, _mostSigma) = (size, probability, settings.BlurMinSigma, settings.BlurMaxSigma);
        _radius = (int)(settings.BlurKernel * size) / 2;
        float[] shifts = new float[_radius * size * size];
        for (int distance = 1; distance <= _radius; distance++)
        {
            for (int i = 0; i < size; i++)
            {
                shifts[(((distance - 1) * size) + i) * size + Mirror(i - distance)]++;
                shifts[(((distance - 1) * size) + i) * size + Mirror(i + distance)]++;
            }
        }
        _identity = eye(size, dtype: ScalarType.Float32, device: device).view(1, -1).DetachFromDisposeScope();
        _shifts = tensor(shifts, device: device).view(_radius, (long)size * size).DetachFromDisposeScope();
        _exponents = arange(1, _radius + 1, dtype: ScalarType.Float32, device: device).square().mul_(-0.5).view(1, -1).DetachFromDisposeScope();

        int Mirror(int i) => i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i;
    }

    /// <summary>The images, some of them blurred.</summary>
    /// <param name="images">(k, 3, size, size), float32.</param>
    /// <param name="draws">(<see cref="Draws"/>, k), uniform on [0, 1).</param>
    /// <returns>The same shape, channels-last. The caller's dispose scope takes what is made on the way.</returns>
    public Tensor Apply(Tensor images, Tensor draws)
    {
        if (_radius == 0)
        {
            return images;
        }
        Tensor matrices = Matrices(draws);
        Tensor rows = matrices.bmm(images.permute(0, 2, 3, 1).reshape(images.shape[0], _size, -1)); // (k, h, w·3): each row is a sum of rows
        Tensor turned = rows.view(images.shape[0], _size, _size, -1).permute(0, 2, 1, 3).reshape(images.shape[0], _size, -1);
        return matrices.bmm(turned).view(images.shape[0], _size, _size, -1).permute(0, 2, 1, 3).contiguous().permute(0, 3, 1, 2);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _identity.Dispose();
        _shifts.Dispose();
        _exponents.Dispose();
    }

    /// <summary>(k, size, size): what each pixel of a row or column takes of the others.</summary>
    private Tensor Matrices(Tensor draws)
    {
        Tensor sigma = draws[1] * (_mostSigma - _leastSigma) + _leastSigma;
        Tensor weights = (_exponents / sigma.square().unsqueeze(1)).exp() * draws[0].lt(_probability).to(ScalarType.Float32).unsqueeze(1); // (k, radius)
        Tensor total = weights.sum(1, keepdim: true) * 2 + 1;
        return ((weights.mm(_shifts) + _identity) / total).view(-1, _size, _size);
    }
}
