using System.Text;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Randomness;
using ErLoss.Training.Views;
using TorchSharp;
using static TorchSharp.torch;
using Encoder = ErLoss.SelfSupervised.Encoders.Encoder;

namespace ErTraining.Reports;

/// <summary>The pictures of a run: curves over its epochs, views of training images, and what the features of test images were before and after training.</summary>
/// <param name="Curves">A panel for each metric; empty if the run has no epoch.</param>
/// <param name="Views">Training images, with two random views of each below it, and then small crops if the run trained on some; a PNG.</param>
/// <param name="NeighboursBefore">Test images and their neighbours in the features of the encoder before training.</param>
/// <param name="NeighboursAfter">The same in the features of the trained encoder.</param>
/// <param name="Maps">Maps of the features before and after training.</param>
/// <param name="Classes">Accuracies class by class, before and after training; empty if no accuracy can be measured.</param>
/// <param name="Confusion">Which classes the trained encoder's features confuse; null if no accuracy can be measured, or if there are too many classes.</param>
/// <param name="MostConfused">The most frequent confusions, as a sentence; null if there are none.</param>
internal sealed record RunPictures(
    IReadOnlyList<CurvePanel> Curves,
    byte[] Views,
    NeighbourSheet NeighboursBefore,
    NeighbourSheet NeighboursAfter,
    FeatureMaps Maps,
    IReadOnlyList<ClassAccuracyPanel> Classes,
    ConfusionPanel? Confusion,
    string? MostConfused)
{
    private const int ImagesShown = 12, SmallCropsShown = 2, ConfusionsNamed = 8;

    /// <summary>Draws the pictures.</summary>
    /// <param name="registry">Makes the untrained encoder.</param>
    /// <param name="settings">Of the run.</param>
    /// <param name="classNames">Names of the images' classes, by label; empty if no accuracy is measured.</param>
    /// <param name="result">What it came to.</param>
    /// <param name="trainer">Has the images and the trained encoder.</param>
    public static RunPictures Draw(Registry registry, RunSettings settings, IReadOnlyList<string> classNames, RunResult result, Trainer trainer)
    {
        FeatureEvaluation after = trainer.Evaluate(), before = trainer.Epochs.Count == 0 ? after : trainer.EvaluationBefore ?? Untrained();
        FeatureEvaluation[] evaluations = trainer.Epochs.Count == 0 ? [after] : [before, after];
        return new RunPictures(
            trainer.Epochs.Count == 0 ? [] : Panels(result, trainer.Epochs),
            ViewSheet(trainer.Train, settings),
            NeighbourSheet.Draw(before, trainer.Train, trainer.Test, classNames),
            NeighbourSheet.Draw(after, trainer.Train, trainer.Test, classNames),
            FeatureMaps.Draw(evaluations, trainer.Test, classNames),
            after.Confusion is { } classes ? ClassAccuracyPanel.Draw(trainer.Epochs.Count == 0 ? null : before.Confusion, classes, classNames) : [],
            after.Confusion is { ClassCount: <= ConfusionPanel.MostClasses } confusion ? ConfusionPanel.Draw(confusion, classNames) : null,
            after.Confusion is { } confused ? ConfusionPanel.MostFrequent(confused, classNames, ConfusionsNamed) : null);

        FeatureEvaluation Untrained()
        {
            using Encoder untrained = InitialWeights.Encoder(registry, settings);
            untrained.to(trainer.Train.Device);
            return Evaluator.Evaluate(untrained, trainer.Train, trainer.Test, measuresAccuracy: classNames.Count > 0);
        }
    }

    /// <summary>Writes each picture to a file of its own.</summary>
    /// <param name="folder">Made if it is not there.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be written.</exception>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (CurvePanel panel in Curves)
        {
            Write($"{panel.Name}.svg", Encoding.UTF8.GetBytes(panel.Svg));
        }
        Write("views.png", Views);
        Write("neighbours-before.png", NeighboursBefore.Png);
        Write("neighbours-after.png", NeighboursAfter.Png);
        foreach (MapPanel map in Maps.Panels)
        {
            Write($"{map.Name}.svg", Encoding.UTF8.GetBytes(map.Svg));
        }
        foreach (ClassAccuracyPanel panel in Classes)
        {
            Write($"{panel.Name}.svg", Encoding.UTF8.GetBytes(panel.Svg));
        }
        if (Confusion is not null)
        {
            Write("confusion.svg", Encoding.UTF8.GetBytes(Confusion.Svg));
        }

        void Write(string name, byte[] content) => AtomicFile.Write(Path.Combine(folder, name), stream => stream.Write(content));
    }

    /// <summary>Whether the loss is the bound with the other sign, as that of ER is, weights and own kernels apart; one panel is then enough for both.</summary>
    private static bool Mirrors(EpochMetrics epoch) => Math.Abs(epoch.Loss + epoch.MutualInformationBound) <= 1e-4 * (1 + Math.Abs(epoch.Loss));

    private static CurvePanel[] Panels(RunResult result, IReadOnlyList<EpochMetrics> epochs) =>
    [
        .. result.KnnAccuracyBefore is { } before
            ? [CurvePanel.Draw("knn-accuracy", "kNN accuracy, %", ("kNN", [(0, 100 * before), .. Points(epochs, e => 100 * e.KnnAccuracy)]))]
            : (CurvePanel[])[],
        .. result.ViewRetrievalBefore is { } found
            ? [CurvePanel.Draw("view-retrieval", "View retrieval, %", ("view retrieval", [(0, 100 * found), .. Points(epochs, e => 100 * e.ViewRetrieval)]))]
            : (CurvePanel[])[],
        CurvePanel.Draw(
            "entropy-and-reconstruction",
            "Entropy and reconstruction, nats",
            ("entropy", Points(epochs, e => e.Entropy)),
            ("reconstruction", Points(epochs, e => e.Reconstruction))),
        CurvePanel.Draw(
            "bound",
            $"Mutual-information bound, nats{(epochs.All(Mirrors) ? " (the loss is its negative)" : "")}",
            ("bound", Points(epochs, e => e.MutualInformationBound))),
        .. epochs.All(Mirrors) ? (CurvePanel[])[] : [CurvePanel.Draw("loss", "Loss, nats", ("loss", Points(epochs, e => e.Loss)))],
        CurvePanel.Draw("effective-rank", "Effective rank of the projections", ("effective rank", Points(epochs, e => e.EffectiveRank))),
        epochs[^1].Perplexity is null
            ? CurvePanel.Draw("mean-cosine", "Mean cosine of different images' projections", ("mean cosine", Points(epochs, e => e.MeanCosine)))
            : CurvePanel.Draw("perplexity", "Classes in use: the marginal's perplexity", ("perplexity", Points(epochs, e => e.Perplexity))),
    ];

    /// <summary>The points of one metric over the epochs that have it.</summary>
    private static IReadOnlyList<(double Epoch, double Value)> Points(IEnumerable<EpochMetrics> epochs, Func<EpochMetrics, double?> metric) =>
        [.. epochs.Where(e => metric(e) is not null).Select(e => ((double)e.Epoch, metric(e)!.Value))];

    private static byte[] ViewSheet(ImageTensors train, RunSettings settings)
    {
        using var scope = NewDisposeScope();
        using Generator generator = Seeded(RandomPurpose.ShownViews);
        int size = train.Size;
        Tensor images = train.Range(0, Math.Min(ImagesShown, train.Count));
        using var views = new TwoViews(train.Device, size, settings.Views);
        (Tensor first, Tensor second) = views.Draw(images, generator);
        return ImageSheet.Png([Pixels.ToUnit(images), Pixels.Uncenter(first), Pixels.Uncenter(second), .. SmallCrops()]);

        Tensor[] SmallCrops()
        {
            int shown = Math.Min(SmallCropsShown, settings.Crops.SmallCrops);
            if (shown == 0)
            {
                return [];
            }
            using Generator generator = Seeded(RandomPurpose.ShownSmallCrops);
            using var crops = new SmallCrops(train.Device, size, settings.Crops with { SmallCrops = shown }, settings.Views);
            return Pixels.Uncenter(crops.Draw(images, generator)).chunk(shown);
        }

        Generator Seeded(RandomPurpose purpose) => new((ulong)RandomStream.Seed(settings.Seed, purpose, 0), CPU);
    }
}
