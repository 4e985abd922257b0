namespace ErLoss.Training.Methods;

/// <summary>Settings published for a method on CIFAR-10, as far as this program has a place for them. Views are always this program's.</summary>
/// <param name="Source">Where they stand, and what of them has no place here.</param>
/// <param name="Words">Settings by their words; of one that is there twice the last counts.</param>
internal sealed record Preset(string Source, params IReadOnlyList<(string Word, string Value)> Words)
{
    /// <summary>The same with more or other settings.</summary>
    public Preset With(params IReadOnlyList<(string Word, string Value)> words) => this with { Words = [.. Words, .. words] };

    /// <summary>A recipe of solo-learn (da Costa et al., JMLR 2022), with what its recipes for CIFAR have in common.</summary>
    /// <param name="file">In its folder of recipes for CIFAR.</param>
    /// <param name="learningRate">At its peak.</param>
    /// <param name="weightDecay">Of matrices and convolutions.</param>
    /// <param name="hiddenDimension">Of the heads.</param>
    /// <param name="projectionDimension">Of a projection.</param>
    /// <param name="without">What of it has no place here.</param>
    public static Preset SoloLearn(
        string file, double learningRate, double weightDecay, int hiddenDimension, int projectionDimension, string? without = null) => new(
            $"solo-learn (da Costa et al., JMLR 2022), scripts/pretrain/cifar/{file}{(without is null ? "" : $", without {without}")}",
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
    /// <param name="without">What of it has no place here.</param>
    public static Preset Lightly(int hiddenDimension, int projectionDimension, string without) => new(
        $"lightly, docs/source/getting_started/benchmarks/cifar10_benchmark.py, without {without}",
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
