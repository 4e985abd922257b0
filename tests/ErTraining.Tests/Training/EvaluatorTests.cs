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
        double first = Evaluator.KnnAccuracy(encoder, train, test);
        double[] state = State();
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        double second = Evaluator.KnnAccuracy(encoder, train, test);
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
