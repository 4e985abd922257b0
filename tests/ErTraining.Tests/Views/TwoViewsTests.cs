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
    public void A_fifth_of_the_views_is_grey_and_a_fifth_of_those_of_the_luma_of_the_image()
    {
        Tensor images = (rand(4000, 3, 1, 1) * 155 + 50).expand(4000, 3, 16, 16).to(ScalarType.Byte).contiguous();
        (Tensor view, _) = Views(images, seed: 6);
        Tensor colour = Pixels.Uncenter(view).mean([2, 3]), isGrey = colour.amax([1]) - colour.amin([1]) < 1e-4;
        Tensor bytes = images.to(ScalarType.Float32).mean([2, 3]) / 255;
        Tensor luma = (bytes * tensor(new[] { 0.299f, 0.587f, 0.114f })).sum(1);
        // A view that is not jittered, one in five, is as light as its image; brightness and hue change the others.
        Tensor isLuma = (colour.mean([1]) - luma).abs() < 1e-3;
        Assert.Multiple(() =>
        {
            Assert.That(Fraction(isGrey), Is.EqualTo(0.2).Within(0.03)); // five standard deviations
            Assert.That(Fraction(isLuma.masked_select(isGrey)), Is.EqualTo(0.2).Within(0.08)); // of 800; a jittered view is of its luma by chance only
        });
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
    public void Crops_have_areas_from_a_fifth_to_all_evenly_and_aspects_between_three_quarters_and_four_thirds()
    {
        // Red grows from left to right and green from top to bottom, blue is the same everywhere: in a view whose blue has not changed, no colour has.
        Tensor slope = linspace(0, 255, 32), blue = full([1, 1, 32, 32], 128f);
        Tensor image = cat([slope.view(1, 1, 1, 32).expand(1, 1, 32, 32), slope.view(1, 1, 32, 1).expand(1, 1, 32, 32), blue], 1);
        (Tensor view, _) = Views(image.to(ScalarType.Byte).expand(4000, 3, 32, 32).contiguous(), seed: 8);
        Tensor unit = Pixels.Uncenter(view), isPlain = (unit.select(1, 2) - 128f / 255).abs().amax([1, 2]) < 1e-4;
        Tensor width = Side(unit.select(1, 0), dimension: 2).masked_select(isPlain), height = Side(unit.select(1, 1), dimension: 1).masked_select(isPlain);
        Tensor area = width * height, aspect = (width / height).log().masked_select(area < 0.7); // beyond 0.75 a crop may reach over the image and is cut
        double edge = Math.Log(4.0 / 3);
        Assert.Multiple(() =>
        {
            Assert.That(area.numel(), Is.InRange(540, 740), "a fifth is not jittered, and a fifth of that is grey");
            Assert.That(area.min().ToDouble(), Finite.Near(0.205, 0.01));
            Assert.That(area.max().ToDouble(), Finite.Near(0.99, 0.015));
            Assert.That(Fraction(area < 0.4), Is.EqualTo(0.25).Within(0.07)); // four standard deviations of 640
            Assert.That(Fraction(area < 0.6), Is.EqualTo(0.5).Within(0.08));
            Assert.That(aspect.abs().max().ToDouble(), Finite.AtMost(edge + 0.01).And.GreaterThan(edge - 0.03));
            Assert.That(Fraction(aspect < edge / 2), Is.EqualTo(0.75).Within(0.08));
        });

        static Tensor Side(Tensor channel, long dimension) => (channel.select(dimension, 31) - channel.select(dimension, 0)).abs().mean([1]);
    }

    /// <summary>Values at twelve places of the views and small crops that the first versions drew, which had no settings. Other draws, or others in number or order, give quite other values.</summary>
    [Test]
    public void With_the_defaults_views_are_what_they_were_before_there_were_settings()
    {
        Tensor images = Photographs(64);
        using var generator = new Generator(11, CPU);
        using var views = new TwoViews(CPU, 32, new ViewSettings());
        (Tensor first, Tensor second) = views.Draw(images, generator);
        using var crops = new SmallCrops(CPU, 32, new CropSettings { SmallCrops = 2 }, new ViewSettings());
        Assert.Multiple(() =>
        {
            Assert.That(AtTwelvePlaces(first), Finite.Near([-0.7247487, -0.4811145, -0.1147902, -0.6489991, 0.3322796, 1.2593353, -0.8605488, -1.0174992, 0.1670884, -0.1698210, -0.4532373, -1.1806206], 1e-5));
            Assert.That(AtTwelvePlaces(second), Finite.Near([0.0209019, -1.2830013, 0.1591043, -0.1254597, 0.3822320, 0.6479683, -0.9452060, -0.5052623, -0.0199851, 0.0926981, 0.2248354, -0.4382381], 1e-5));
            Assert.That(AtTwelvePlaces(crops.Draw(images, generator)), Finite.Near([0.5700991, 0.0878165, 0.2733638, -0.2538606, 0.3191540, 0.3389449, 0.5941393, -1.0194257, -0.1245189, -0.4500506, 0.7359527, 0.2976325], 1e-5));
        });

        static double[] AtTwelvePlaces(Tensor view) => [.. view.contiguous().view(-1).slice(0, 0, -1, view.numel() / 12).data<float>().ToArray().Select(value => (double)value)];
    }

    private static (Tensor First, Tensor Second) Views(Tensor images, ulong seed)
    {
        using var generator = new Generator(seed, CPU);
        using var views = new TwoViews(CPU, (int)images.shape[^1], new ViewSettings());
        return views.Draw(images, generator);
    }

    private static Tensor Photographs(int count)
    {
        ImageSet images = SyntheticImages.Create(count, 1, seed: 9).Train;
        return tensor(images.Pixels).view(-1, 3, 32, 32);
    }

    private static double Fraction(Tensor condition) => condition.to(ScalarType.Float64).mean().ToDouble();
}
