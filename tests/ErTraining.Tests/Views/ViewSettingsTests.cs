using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training;
using ErLoss.Training.Settings;
using ErLoss.Training.Views;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Views;

/// <summary>Each setting of the views does to pixels what it says, and nothing else.</summary>
internal sealed class ViewSettingsTests : TensorTests
{
    private const int Count = 64, Size = 32;

    /// <summary>No change at all: a crop of the whole area fits only if it is the whole image.</summary>
    private static readonly ViewSettings s_none = new() { LargeCropMinArea = 1, CropFit = CropFit.Redraw, FlipProbability = 0, JitterProbability = 0, GrayscaleProbability = 0 };

    private static readonly ViewSettings s_jitter = s_none with { JitterProbability = 1, JitterBrightness = 0, JitterContrast = 0, JitterSaturation = 0, JitterHue = 0 };

    [Test]
    public void Probabilities_of_zero_and_one_do_nothing_and_all()
    {
        Tensor images = Images(), unit = images.to(ScalarType.Float32) / 255, luma = (unit * tensor(new[] { 0.299f, 0.587f, 0.114f }).view(1, 3, 1, 1)).sum(1, keepdim: true);
        Assert.Multiple(() =>
        {
            Assert.That(Error(View(images, s_none), unit), Finite.LessThan(1e-5), "nothing");
            Assert.That(Error(View(images, s_none with { FlipProbability = 1 }), unit.flip(3)), Finite.LessThan(1e-5), "mirrored");
            Assert.That(Error(View(images, s_none with { GrayscaleProbability = 1 }), luma.expand(-1, 3, -1, -1)), Finite.LessThan(1e-5), "grey");
            Assert.That(Error(View(images, s_jitter), unit), Finite.LessThan(1e-5), "changed by strengths of zero");
            Assert.That(Changed(View(images, s_none with { JitterProbability = 1 }), unit), Is.EqualTo(Count));
            Assert.That(Changed(View(images, s_none with { BlurProbability = 1, BlurMinSigma = 0.5 }), unit), Is.EqualTo(Count));
            Assert.That(Changed(View(images, s_none with { BlurProbability = 0 }), unit), Is.Zero);
        });
    }

    [Test]
    public void Brightness_contrast_and_saturation_are_factors_within_their_strength()
    {
        Tensor images = Images(), unit = images.to(ScalarType.Float32) / 255, luma = (unit * tensor(new[] { 0.299f, 0.587f, 0.114f }).view(1, 3, 1, 1)).sum(1, keepdim: true);
        Assert.Multiple(() =>
        {
            CheckFactor(View(images, s_jitter with { JitterBrightness = 0.2 }), unit, 0.2, "brightness");
            Tensor mean = luma.mean([2, 3], keepdim: true);
            CheckFactor(View(images, s_jitter with { JitterContrast = 0.3 }) - mean, unit - mean, 0.3, "contrast");
            CheckFactor(View(images, s_jitter with { JitterSaturation = 0.5 }) - luma, unit - luma, 0.5, "saturation");
        });

        static void CheckFactor(Tensor view, Tensor image, double strength, string name)
        {
            Tensor factor = (view * image).sum([1, 2, 3]) / image.square().sum([1, 2, 3]); // by least squares
            Assert.That(Error(view, image * factor.view(-1, 1, 1, 1)), Finite.LessThan(1e-5), name);
            Assert.That((factor - 1).abs().max().ToDouble(), Finite.AtMost(strength + 1e-5).And.GreaterThan(0.9 * strength), name); // of 64 draws
        }
    }

    [Test]
    public void Hues_turn_about_the_grey_axis_within_their_strength()
    {
        const double Strength = 0.2;
        Tensor images = Images(), unit = images.to(ScalarType.Float32) / 255, view = View(images, s_jitter with { JitterHue = Strength });
        Tensor before = unit - unit.mean([1], keepdim: true), after = view - view.mean([1], keepdim: true);
        Tensor cosine = (before * after).sum([1, 2, 3]) / (before.square().sum([1, 2, 3]) * after.square().sum([1, 2, 3])).sqrt();
        double turn = cosine.min().acos().ToDouble() / (2 * Math.PI);
        Assert.Multiple(() =>
        {
            Assert.That(Error(view.mean([1]), unit.mean([1])), Finite.LessThan(1e-5));
            Assert.That(Error(after.norm(1), before.norm(1)), Finite.LessThan(1e-5));
            Assert.That(turn, Finite.AtMost(Strength + 1e-5).And.GreaterThan(0.9 * Strength));
        });
    }

    [Test]
    public void Blurred_views_are_those_of_a_Gaussian_filter_and_the_others_do_not_change_by_a_bit()
    {
        const double Sigma = 1.3;
        Tensor images = Images(), sharp = View(images, s_none);
        Tensor blurred = View(images, s_none with { BlurProbability = 1, BlurMinSigma = Sigma, BlurMaxSigma = Sigma, BlurKernel = 0.4 });
        double[] wanted = Blur(sharp[0].contiguous().data<float>().ToArray(), Sigma, radius: 6); // 0.4 of 32 pixels are 12, six to each side
        Assert.That(blurred[0].contiguous().data<float>().ToArray().Zip(wanted, (x, y) => Math.Abs(x - y)).Max(), Is.LessThan(1e-5));

        ViewSettings usual = new(), half = usual with { BlurProbability = 0.5 };
        Tensor isSame = View(images, half).eq(View(images, usual)).flatten(1).all(1);
        Assert.That(isSame.sum().ToInt64(), Is.InRange(14, 50), "half of 64, within four and a half standard deviations");
        Assert.Multiple(() =>
        {
            Assert.That(((int[])[32, 63, 64, 224]).Select(usual.BlurProbabilityAt), Is.EqualTo((double[])[0, 0, 0.5, 0.5]));
            Assert.That((usual with { BlurProbability = 0.1 }).BlurProbabilityAt(96), Is.EqualTo(0.1));
        });
    }

    [Test]
    public void Crops_that_are_drawn_again_are_the_first_of_ten_that_fit()
    {
        const int Draws = 2000;
        Tensor area = rand(Draws), aspect = rand(Draws), further = rand(CropShape.FurtherDraws, Draws);
        Check(0.08, 1);
        Check(0.9, 1);
        Check(1, 1);
        (Tensor width, Tensor height) = CropShape.FirstThatFits(area, aspect, further, 0.05, 0.75);
        (Tensor clampedWidth, Tensor clampedHeight) = CropShape.Clamped(area, aspect, 0.05, 0.75);
        Assert.That((width.eq(clampedWidth).all().item<bool>(), height.eq(clampedHeight).all().item<bool>()), Is.EqualTo((true, true)), "up to three quarters of the area every crop fits");

        void Check(double least, double most)
        {
            (Tensor width, Tensor height) = CropShape.FirstThatFits(area, aspect, further, least, most);
            float[] areas = [.. area.data<float>()], aspects = [.. aspect.data<float>()], others = [.. further.data<float>()];
            double error = 0;
            for (int i = 0; i < Draws; i++)
            {
                (double w, double h) = (1, 1);
                for (int attempt = 0; attempt < CropShape.Tries; attempt++)
                {
                    double u = attempt == 0 ? areas[i] : others[((attempt - 1) * Draws) + i], v = attempt == 0 ? aspects[i] : others[((CropShape.Tries - 1 + attempt - 1) * Draws) + i];
                    double share = least + (u * (most - least)), ratio = Math.Exp(Math.Log(3.0 / 4) + (v * Math.Log(16.0 / 9)));
                    if (Math.Sqrt(share * ratio) <= 1 && Math.Sqrt(share / ratio) <= 1)
                    {
                        (w, h) = (Math.Sqrt(share * ratio), Math.Sqrt(share / ratio));
                        break;
                    }
                }
                error = Math.Max(error, Math.Max(Math.Abs(width[i].ToDouble() - w), Math.Abs(height[i].ToDouble() - h)));
            }
            Assert.That(error, Is.LessThan(1e-5), $"{least} to {most}");
        }
    }

    [Test]
    public void What_is_out_of_range_is_refused_and_documents_of_earlier_versions_are_read()
    {
        const string Former = """{ "method": { "name": "dino", "crops": { "small_crops": 2, "large_crop_min_area": 0.4 } } }""";
        Assert.Multiple(() =>
        {
            Assert.That(() => Given.Settings("jitter_hue=0.6"), Throws.TypeOf<SettingsException>().With.Message.EqualTo("views.jitter_hue is 0.6; a number from 0 to 0.5 is wanted"));
            Assert.That(() => Given.Settings("flip_probability=1.1"), Throws.TypeOf<SettingsException>().With.Message.Contains("a number from 0 to 1 is wanted"));
            Assert.That(() => Given.Settings("blur_min_sigma=3"), Throws.TypeOf<SettingsException>().With.Message.EqualTo("views.blur_min_sigma is 3, but the largest standard deviation (blur_max_sigma) is 2; a number up to that is wanted"));
            Assert.That(Registry.Default.Document.Read(new RunSettings(), Former).Views, Is.EqualTo(new ViewSettings { LargeCropMinArea = 0.4 }));
        });
    }

    [TestCase("simclr", "simclr-paper", "0.08 0.4 0.4 0.4 0.1 0")]
    [TestCase("simclr", "solo-learn", "0.08 0.8 0.8 0.8 0.2 0.5")]
    [TestCase("simclr", "lightly", "0.08 0.4 0.4 0.4 0.1 0")]
    [TestCase("byol", "solo-learn", "0.08 0.4 0.4 0.2 0.1 0")]
    [TestCase("byol", "lightly", "0.08 0.4 0.4 0.2 0.1 0")]
    [TestCase("dino", "solo-learn", "0.08 0.4 0.4 0.2 0.1 0")]
    [TestCase("dino", "lightly", "0.4 0.4 0.4 0.2 0.1 0")]
    [TestCase("swav", "solo-learn", "0.08 0.8 0.8 0.8 0.2 0.5")]
    [TestCase("swav", "lightly", "0.14 0.4 0.4 0.4 0.1 0")]
    [TestCase("deepcluster", "solo-learn", "0.08 0.8 0.8 0.8 0.2 0.5")]
    public void Presets_have_the_views_of_their_recipes(string method, string preset, string wanted)
    {
        ViewSettings views = FreshRun.Compose(Registry.Default, Given.Words($"method={method} preset={preset}")).Views;
        double[] numbers = [views.LargeCropMinArea, views.JitterBrightness, views.JitterContrast, views.JitterSaturation, views.JitterHue, views.BlurProbability!.Value];
        Assert.Multiple(() =>
        {
            Assert.That(string.Join(' ', numbers), Is.EqualTo(wanted));
            Assert.That((views.CropFit, views.FlipProbability, views.JitterProbability, views.GrayscaleProbability), Is.EqualTo((CropFit.Redraw, 0.5, 0.8, 0.2)));
        });
    }

    /// <summary>The first view of each image, in [0, 1].</summary>
    private static Tensor View(Tensor images, ViewSettings settings)
    {
        using var generator = new Generator(12, CPU);
        using var views = new TwoViews(CPU, Size, settings);
        return Pixels.Uncenter(views.Draw(images, generator).First);
    }

    /// <summary>Bytes of a middle range, which no factor here takes out of the range of pixels.</summary>
    private static Tensor Images() => randint(90, 160, [Count, 3, Size, Size], ScalarType.Byte);

    private static double Error(Tensor x, Tensor y) => (x - y).abs().max().ToDouble();

    private static long Changed(Tensor views, Tensor images) => (views - images).abs().flatten(1).amax([1]).gt(1e-4).sum().ToInt64();

    /// <summary>The definition, pixel by pixel, of an image (3, size, size) that is mirrored about its outermost pixels.</summary>
    private static double[] Blur(float[] image, double sigma, int radius)
    {
        double[] blurred = new double[image.Length];
        double total = Enumerable.Range(-radius, 2 * radius + 1).Sum(x => Math.Exp(-x * x / (2 * sigma * sigma)));
        for (int i = 0; i < image.Length; i++)
        {
            (int row, int column) = (i / Size % Size, i % Size);
            for (int y = -radius; y <= radius; y++)
            {
                for (int x = -radius; x <= radius; x++)
                {
                    double weight = Math.Exp(-((x * x) + (y * y)) / (2 * sigma * sigma)) / (total * total);
                    blurred[i] += weight * image[(i / (Size * Size) * Size * Size) + (Mirror(row + y) * Size) + Mirror(column + x)];
                }
            }
        }
        return blurred;

        static int Mirror(int i) => i < 0 ? -i : i >= Size ? (2 * Size) - 2 - i : i;
    }
}
