using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Data;
using ErLoss.Training.Views;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Views;

internal sealed class TwoViewsTests
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void OpenScope() => _scope = NewDisposeScope();

    [TearDown]
    public void CloseScope() => _scope.Dispose();

    [Test]
    public void Views_have_the_images_shape_are_finite_and_within_the_pixel_range()
    {
        (Tensor first, Tensor second) = Views(Photographs(64), seed: 1);
        foreach (Tensor view in (Tensor[])[first, second])
        {
            Tensor unit = Pixels.Uncenter(view);
            Assert.Multiple(() =>
            {
                Assert.That(view.shape, Is.EqualTo(new long[] { 64, 3, 32, 32 }));
                Assert.That(view.dtype, Is.EqualTo(ScalarType.Float32));
                Assert.That(unit.min().ToDouble(), Finite.AtLeast(-1e-6));
                Assert.That(unit.max().ToDouble(), Finite.AtMost(1 + 1e-6));
            });
        }
    }

    [Test]
    public void Every_image_of_a_batch_draws_views_of_its_own()
    {
        Tensor same = Photographs(1).expand(32, -1, -1, -1).contiguous();
        (Tensor first, Tensor second) = Views(same, seed: 2);
        Tensor all = cat([first, second]).flatten(1);
        Tensor distances = cdist(all, all) + eye(64) * 1e6;
        Assert.That(distances.min().ToDouble(), Finite.GreaterThan(0.5), "two of 64 views of one image are alike");
    }

    [Test]
    public void The_same_seed_gives_the_same_views_to_the_last_bit()
    {
        Tensor images = Photographs(16);
        (Tensor first, Tensor second) = Views(images, seed: 3);
        (Tensor firstAgain, Tensor secondAgain) = Views(images, seed: 3);
        (Tensor other, _) = Views(images, seed: 4);
        Assert.Multiple(() =>
        {
            Assert.That(first.equal(firstAgain).all().item<bool>());
            Assert.That(second.equal(secondAgain).all().item<bool>());
            Assert.That(first.equal(other).all().item<bool>(), Is.False);
        });
    }

    [Test]
    public void About_half_of_the_views_are_mirrored_and_none_is_turned_upside_down()
    {
        // Light grows from left to right and from top to bottom; crops and positive contrast keep the order, mirroring turns it.
        Tensor slope = linspace(0, 120, 32);
        Tensor images = (slope.view(1, 1, 1, 32) + slope.view(1, 1, 32, 1)).expand(2000, 3, 32, 32).to(ScalarType.Byte).contiguous();
        (Tensor view, _) = Views(images, seed: 5);
        Tensor luma = view.mean([1]);
        double mirrored = Fraction(luma.narrow(2, 0, 8).mean([1, 2]) > luma.narrow(2, 24, 8).mean([1, 2]));
        double upsideDown = Fraction(luma.narrow(1, 0, 8).mean([1, 2]) > luma.narrow(1, 24, 8).mean([1, 2]));
        Assert.Multiple(() =>
        {
            Assert.That(mirrored, Is.EqualTo(0.5).Within(0.06)); // five standard deviations of 2,000 coins
            Assert.That(upsideDown, Is.Zero);
        });
    }

    [Test]
    public void A_fifth_of_the_views_is_grey_and_keeps_its_luma()
    {
        Tensor images = (rand(2000, 3, 1, 1) * 155 + 50).expand(2000, 3, 32, 32).to(ScalarType.Byte).contiguous();
        (Tensor view, _) = Views(images, seed: 6);
        Tensor spread = Pixels.Uncenter(view).amax([1]) - Pixels.Uncenter(view).amin([1]);
        double grey = Fraction(spread.amax([1, 2]) < 1e-4);
        Assert.That(grey, Is.EqualTo(0.2).Within(0.05));
    }

    [Test]
    public void Grey_images_stay_grey_whatever_the_jitter()
    {
        Tensor images = randint(0, 256, [64, 1, 32, 32]).to(ScalarType.Byte).expand(64, 3, 32, 32).contiguous();
        (Tensor view, _) = Views(images, seed: 7);
        Tensor spread = view.amax([1]) - view.amin([1]);
        Assert.That(spread.max().ToDouble(), Finite.LessThan(1e-4));
    }

    [Test]
    public void Crops_cover_between_a_fifth_and_all_of_an_image()
    {
        // On two crossed slopes a view's range in x and y tells the sides of its crop.
        Tensor x = linspace(0, 255, 32).view(1, 1, 1, 32).expand(500, 1, 32, 32);
        Tensor y = linspace(0, 255, 32).view(1, 1, 32, 1).expand(500, 1, 32, 32);
        Tensor images = cat([x, x, x], 1).to(ScalarType.Byte).contiguous();
        Tensor imagesY = cat([y, y, y], 1).to(ScalarType.Byte).contiguous();
        Tensor width = Side(images, dimension: 3), height = Side(imagesY, dimension: 2);
        Tensor area = width * height;
        Assert.Multiple(() =>
        {
            // Contrast of 0.6 to 1.4, brightness likewise and clamping blur the sides by as much; the bounds allow for it.
            Assert.That(area.max().ToDouble(), Finite.AtMost(1.01));
            Assert.That(area.quantile(tensor(0.9f)).ToDouble(), Finite.GreaterThan(0.5));
            Assert.That(area.quantile(tensor(0.1f)).ToDouble(), Finite.LessThan(0.35));
        });
    }

    private static Tensor Side(Tensor images, long dimension)
    {
        (Tensor view, _) = Views(images, seed: 8);
        Tensor luma = Pixels.Uncenter(view).mean([1], keepdim: true);
        return (luma.select(dimension, 31) - luma.select(dimension, 0)).abs().mean([1, 2]).clamp_max(1);
    }

    private static (Tensor First, Tensor Second) Views(Tensor images, ulong seed)
    {
        using var generator = new Generator(seed, CPU);
        using var views = new TwoViews(CPU);
        return views.Of(images, generator);
    }

    private static Tensor Photographs(int count)
    {
        ImageSet images = SyntheticImages.Create(count, 1, seed: 9).Train;
        return tensor(images.Pixels).view(-1, 3, 32, 32);
    }

    private static double Fraction(Tensor condition) => condition.to(ScalarType.Float64).mean().ToDouble();
}
