using ErLoss.SelfSupervised.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Evaluation;

internal sealed class ConfusionMatrixTests : TensorTests
{
    [Test]
    public void It_counts_pairs_and_gives_the_accuracies_of_the_classes_and_of_all()
    {
        Tensor labels = tensor((long[])[0, 0, 0, 1, 1, 3]), predictions = tensor((long[])[0, 2, 2, 1, 0, 3]);
        long live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        var matrix = new ConfusionMatrix(labels, predictions, 4);
        Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(live));
        int[] classes = [0, 1, 2, 3];
        Assert.Multiple(() =>
        {
            Assert.That(classes.Select(label => string.Join(' ', classes.Select(prediction => matrix[label, prediction]))), Is.EqualTo((string[])["1 0 2 0", "1 1 0 0", "0 0 0 0", "0 0 0 1"]));
            Assert.That((matrix.ClassCount, matrix.Total, matrix.Accuracy), Is.EqualTo((4, 6, 3 / 6.0)));
            Assert.That(classes.Select(matrix.CountOf), Is.EqualTo((long[])[3, 2, 0, 1]));
            Assert.That(classes.Select(matrix.AccuracyOf), Is.EqualTo((double?[])[1 / 3.0, 1 / 2.0, null, 1]));
            Assert.That(matrix.Pairs, Is.EqualTo(((int, int, long)[])[(0, 0, 1), (0, 2, 2), (1, 0, 1), (1, 1, 1), (3, 3, 1)]));
        });
    }

    [Test]
    public void What_it_cannot_count_is_refused_by_name()
    {
        Tensor labels = arange(3);
        Assert.Multiple(() =>
        {
            Assert.That(() => new ConfusionMatrix(labels, arange(1, 4), 3), Throws.ArgumentException.With.Property("ParamName").EqualTo("predictions"));
            Assert.That(() => new ConfusionMatrix(labels, arange(2), 3), Throws.ArgumentException.With.Message.Contains("(3) is wanted"));
            Assert.That(() => new ConfusionMatrix(labels, labels, 2), Throws.ArgumentException.With.Property("ParamName").EqualTo("labels"));
            Assert.That(() => new ConfusionMatrix(zeros(0, ScalarType.Int64), labels, 2), Throws.ArgumentException.With.Message.Contains("at least one label"));
            Assert.That(() => new ConfusionMatrix(labels, labels, 3)[3, 0], Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("0 to 2"));
            Assert.That(() => new ConfusionMatrix(labels, labels, 3).CountOf(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        });
    }
}
