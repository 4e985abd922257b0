namespace ErLoss.Training.Methods;

/// <summary>Settings published for a method on CIFAR-10, for the method's own loss, as far as this program has a place for them.</summary>
/// <param name="Source">Where they stand.</param>
/// <param name="Differences">What is not as there, each as a phrase.</param>
/// <param name="Words">Settings by their words; of one that is there twice the last counts.</param>
internal sealed record Preset(string Source, IReadOnlyList<string> Differences, params IReadOnlyList<(string Word, string Value)> Words)
{
    /// <summary>What no recipe has as this program.</summary>
    public const string Views = "views, whose colours change in one order and by linear maps, so that hues turn about the grey axis";

    /// <summary>Of recipes whose second view is solarized at times.</summary>
    public const string NoSolarization = "views, of which the second is never solarized instead of in a fifth of all cases";

    /// <summary>Of lightly's recipes with SGD.</summary>
    public const string NoDecay = "weight decay, which spares biases and normalisation layers";

    private const string Statistics = "batch statistics, which are of both views together";

    /// <summary>The views of google-research/simclr for CIFAR-10 (data_util.py, with color_jitter_strength 0.5 and without blur), and of lightly's SimCLRTransform with cj_strength 0.5.</summary>
    public static readonly IReadOnlyList<(string Word, string Value)> SimClrViews = ViewWords("0.08", "0.4", "0.4", "0.4", "0.1");

    /// <summary>Those of solo-learn's augmentations/symmetric.yaml for CIFAR. Its blur is Pillow's, whose filter is not cut off: the filter here reaches three times the largest standard deviation.</summary>
    public static readonly IReadOnlyList<(string Word, string Value)> SymmetricViews = [.. ViewWords("0.08", "0.8", "0.8", "0.8", "0.2"), ("blur_probability", "0.5"), ("blur_kernel", "0.4")];

    /// <summary>Those of solo-learn's augmentations/asymmetric.yaml for CIFAR, and of lightly's BYOLTransform, but for the solarization.</summary>
    public static readonly IReadOnlyList<(string Word, string Value)> AsymmetricViews = ViewWords("0.08", "0.4", "0.4", "0.2", "0.1");

    /// <summary>The same with more or other settings.</summary>
    public Preset With(params IReadOnlyList<(string Word, string Value)> words) => this with { Words = [.. Words, .. words] };

    /// <summary>What a run says of the preset that it started from: where the settings stand, and what is not as there.</summary>
    /// <param name="objective">Which loss the run trains with.</param>
    public string Describe(Objective objective)
    {
        string loss = objective == Objective.Native ? "trained with the native loss, for which they were published" : "trained with the entropy-reconstruction loss, for which they were not published";
        return $"Settings of {Source}, {loss}. Differences from that source: {string.Join("; ", Differences)}.";
    }

    /// <summary>Views as recipes for CIFAR have them, with the probabilities that all of these have.</summary>
    public static IReadOnlyList<(string Word, string Value)> ViewWords(string minArea, string brightness, string contrast, string saturation, string hue) =>
    [
        ("large_crop_min_area", minArea),
        ("crop_fit", "redraw"),
        ("flip_probability", "0.5"),
        ("jitter_probability", "0.8"),
        ("jitter_brightness", brightness),
        ("jitter_contrast", contrast),
        ("jitter_saturation", saturation),
        ("jitter_hue", hue),
        ("grayscale_probability", "0.2"),
        ("blur_probability", "0"),
    ];

    /// <summary>A recipe of solo-learn (da Costa et al., JMLR 2022), with what its recipes for CIFAR have in common.</summary>
    /// <param name="file">In its folder of recipes for CIFAR.</param>
    /// <param name="learningRate">At its peak.</param>
    /// <param name="weightDecay">Of matrices and convolutions.</param>
    /// <param name="hiddenDimension">Of the heads.</param>
    /// <param name="projectionDimension">Of a projection.</param>
    /// <param name="differences">What else is not as there.</param>
    public static Preset SoloLearn(
        string file, double learningRate, double weightDecay, int hiddenDimension, int projectionDimension, params IReadOnlyList<string> differences) => new(
            $"solo-learn (da Costa et al., JMLR 2022), scripts/pretrain/cifar/{file}",
            [Views, Statistics, "the encoder's first convolution, which pads by one pixel instead of two", .. differences],
            ("encoder", "resnet18"),
            ("epochs", "1000"),
            ("warmup_epochs", "10"),
            ("batch_size", "256"),
            ("optimizer", "lars"),
            ("learning_rate", $"{learningRate}"),
            ("weight_decay", $"{weightDecay}"),
            ("trust_coefficient", "0.02"),
            ("clip_trust", "true"),
            ("hidden_dimension", $"{hiddenDimension}"),
            ("projection_dimension", $"{projectionDimension}"));

    /// <summary>A recipe of lightly's benchmark on CIFAR-10, with what its recipes have in common.</summary>
    /// <param name="hiddenDimension">Of the heads.</param>
    /// <param name="projectionDimension">Of a projection.</param>
    /// <param name="differences">What else is not as there.</param>
    public static Preset Lightly(int hiddenDimension, int projectionDimension, params IReadOnlyList<string> differences) => new(
        "lightly, docs/source/getting_started/benchmarks/cifar10_benchmark.py",
        [Views, Statistics, .. differences],
        ("encoder", "resnet18"),
        ("epochs", "200"),
        ("warmup_epochs", "0"),
        ("batch_size", "128"),
        ("optimizer", "sgd"),
        ("learning_rate", "0.06"),
        ("weight_decay", "5e-4"),
        ("hidden_dimension", $"{hiddenDimension}"),
        ("projection_dimension", $"{projectionDimension}"));
}
