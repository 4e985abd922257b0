using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Training;

internal sealed class EvaluatorTests : TensorTests
{
    [Test]
    public void An_encoder_is_evaluated_in_evaluation_mode_and_left_in_its_own_with_nothing_kept_alive()
    {
        ImageData data = SyntheticImages.Create(60, 40, seed: 0);
        using var train = new ImageTensors(data.Train, CPU);
        using var test = new ImageTensors(data.Test, CPU);
        using var encoder = new ConvNet();
        encoder.train();
        double first = Evaluator.Evaluate(encoder, train, test, measuresAccuracy: true).Confusion!.Accuracy;
        double[] state = State();
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        double second = Evaluator.Evaluate(encoder, train, test, measuresAccuracy: true).Confusion!.Accuracy;
        long aliveAfter = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Assert.Multiple(() =>
        {
            Assert.That(encoder.training);
            Assert.That(second, Is.EqualTo(first));
            Assert.That(State(), Is.EqualTo(state), "in training mode the running statistics would have moved");
            Assert.That(aliveAfter, Is.EqualTo(alive));
        });

        double[] State() => [.. encoder.state_dict().Values.Select(weight => weight.to(ScalarType.Float64).sum().ToDouble())];
    }

    /// <summary>Images without labels stand between the others, or after them.</summary>
    [TestCase(2)]
    [TestCase(60)]
    public void Images_without_labels_neither_vote_nor_are_classified(int period)
    {
        ImageData data = SyntheticImages.Create(60, 40, seed: 0);
        ImageSet labelled = data.Train.Take(30);
        using var encoder = new ConvNet();
        double wanted = Accuracy(labelled, data.Test, isResident: true);
        ImageSet others = SyntheticImages.Create(60, 1, seed: 9).Train;
        foreach (bool isResident in (bool[])[true, false])
        {
            Assert.That(Accuracy(Mixed(labelled, others), Mixed(data.Test, others), isResident), Is.EqualTo(wanted).And.GreaterThan(0), $"resident: {isResident}");
        }

        ImageSet Mixed(ImageSet with, ImageSet without)
        {
            (ImageSet Set, int Index)[] order = [.. Enumerable.Range(0, with.Count).SelectMany(i => period < with.Count ? [(without, i), (with, i)] : new[] { (with, i) })];
            order = period < with.Count ? order : [.. order, .. Enumerable.Range(0, 20).Select(i => (without, i))];
            return new ImageSet(
                [.. order.SelectMany(image => image.Set.Pixels[(image.Index * 3072)..((image.Index + 1) * 3072)])],
                [.. order.Select(image => image.Set == with ? with.Labels[image.Index] : ImageSet.NoLabel)],
                with.ClassNames);
        }

        double Accuracy(ImageSet trainImages, ImageSet testImages, bool isResident)
        {
            using var train = new ImageTensors(trainImages, CPU, isResident);
            using var test = new ImageTensors(testImages, CPU, isResident);
            return Evaluator.Evaluate(encoder, train, test, measuresAccuracy: true).Confusion!.Accuracy;
        }
    }

    [TestCase("epochs=1")]
    [TestCase("method=dino epochs=1")]
    public void View_retrieval_is_the_same_at_each_measurement_and_draws_from_a_stream_of_its_own(string line)
    {
        RunSettings settings = Given.Settings(line);
        using var test = new ImageTensors(SyntheticImages.Create(1, 140, seed: 0).Test, CPU); // more than a batch
        using TwoViewMethod method = InitialWeights.Method(Registry.Default, settings, 140);
        method.train();
        manual_seed(3);
        double unaffected = rand(1).ToDouble();
        double first = Evaluator.ViewRetrieval(method, test, settings);
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        manual_seed(3);
        double second = Evaluator.ViewRetrieval(method, test, settings);
        double next = rand(1).ToDouble(), other = Evaluator.ViewRetrieval(method, test, settings with { Seed = 5 });
        Assert.Multiple(() =>
        {
            Assert.That(first, Is.GreaterThan(4.0 / 280).And.LessThan(1), "an untrained network does better than chance, 1 of 279");
            Assert.That(second, Is.EqualTo(first));
            Assert.That(other, Is.Not.EqualTo(first), "other views");
            Assert.That(next, Is.EqualTo(unaffected), "libtorch's own generator is not drawn from");
            Assert.That(method.training && method.Encoder.training);
            Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.LessThanOrEqualTo(alive + 2), "the two numbers drawn here at most");
        });
    }
}
