using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training;
using ErLoss.Training.Data;
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
}
