using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Evaluation;

/// <summary>How many images of each class were taken for each class, and the accuracies that follow. Its memory grows with the number of images, not with the square of the number of classes.</summary>
public sealed class ConfusionMatrix
{
    private readonly Dictionary<(int Label, int Prediction), long> _counts = [];
    private readonly long[] _images;

    /// <summary>Counts labels and predictions.</summary>
    /// <param name="labels">(m), int64 in 0..<paramref name="classCount"/> − 1, with m at least 1: the classes of the images.</param>
    /// <param name="predictions">(m), int64 in the same range, on the same device: what the images were taken for.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <exception cref="ArgumentException">Labels or predictions are not as said above.</exception>
    public ConfusionMatrix(Tensor labels, Tensor predictions, int classCount)
    {
        Arguments.CheckTensor(labels);
        if (labels.dim() != 1 || labels.shape[0] == 0)
        {
            throw new ArgumentException($"The shape is {Arguments.ShapeOf(labels)}; (m) is wanted, with at least one label.", nameof(labels));
        }
        Arguments.CheckLabels(labels, labels, classCount);
        Arguments.CheckLabels(predictions, labels, classCount);
        using var scope = NewDisposeScope();
        long[] ofImages = labels.cpu().contiguous().data<long>().ToArray(), takenFor = predictions.cpu().contiguous().data<long>().ToArray();
        _images = new long[classCount];
        foreach ((long label, long prediction) in ofImages.Zip(takenFor))
        {
            (int, int) pair = ((int)label, (int)prediction);
            _counts[pair] = _counts.GetValueOrDefault(pair) + 1;
            _images[label]++;
        }
        Total = ofImages.Length;
        Accuracy = Enumerable.Range(0, classCount).Sum(label => this[label, label]) / (double)Total;
    }

    /// <summary>Number of classes.</summary>
    public int ClassCount => _images.Length;

    /// <summary>Number of images.</summary>
    public long Total { get; }

    /// <summary>The fraction of all images that were taken for what they are.</summary>
    public double Accuracy { get; }

    /// <summary>Images of a class that were taken for a class.</summary>
    /// <param name="label">The class of the images, in 0..<see cref="ClassCount"/> − 1.</param>
    /// <param name="prediction">What they were taken for, in the same range.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public long this[int label, int prediction]
    {
        get
        {
            CheckClass(label, nameof(label));
            CheckClass(prediction, nameof(prediction));
            return _counts.GetValueOrDefault((label, prediction));
        }
    }

    /// <summary>Images of a class.</summary>
    /// <param name="label">In 0..<see cref="ClassCount"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public long CountOf(int label)
    {
        CheckClass(label, nameof(label));
        return _images[label];
    }

    /// <summary>The fraction of the images of a class that were taken for what they are; null if there is no image of the class.</summary>
    /// <param name="label">In 0..<see cref="ClassCount"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public double? AccuracyOf(int label) => CountOf(label) is > 0 and var count ? this[label, label] / (double)count : null;

    /// <summary>The accuracy of each class that has images, by name.</summary>
    /// <param name="names">Of the classes, by label.</param>
    internal IReadOnlyDictionary<string, double> ByClass(IReadOnlyList<string> names)
    {
        var accuracies = new Dictionary<string, double>();
        for (int label = 0; label < ClassCount; label++)
        {
            if (AccuracyOf(label) is { } accuracy)
            {
                accuracies.TryAdd(names[label], accuracy);
            }
        }
        return accuracies;
    }

    /// <summary>The pairs that there are images of, in order of label and prediction.</summary>
    internal IEnumerable<(int Label, int Prediction, long Count)> Pairs => _counts.OrderBy(pair => pair.Key).Select(pair => (pair.Key.Label, pair.Key.Prediction, pair.Value));

    private void CheckClass(int value, string name)
    {
        if (value < 0 || value >= ClassCount)
        {
            throw new ArgumentOutOfRangeException(name, $"The class is {value}; 0 to {ClassCount - 1} is wanted for {ClassCount} classes.");
        }
    }
}
