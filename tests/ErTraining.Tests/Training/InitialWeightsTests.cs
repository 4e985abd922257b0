using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using ErLoss.Training.Methods;

namespace ErTraining.Tests.Training;

internal sealed class InitialWeightsTests
{
    private static IEnumerable<string> Methods => Registry.Default.Methods.Keys;

    [TestCaseSource(nameof(Methods))]
    public void The_encoder_alone_starts_with_the_weights_that_it_has_in_a_run(string method)
    {
        RunSettings settings = Given.Settings($"method={method} seed=3 hidden_dimension=16");
        using TwoViewMethod whole = InitialWeights.Method(Registry.Default, settings, 24);
        using Encoder alone = InitialWeights.Encoder(Registry.Default, settings);
        Assert.That(Weights(alone), Is.EqualTo(Weights(whole.Encoder)));

        static string[] Weights(Encoder encoder) => [.. NamedTensors.ToSafeTensors(encoder.state_dict()).Select(entry => Digest.Of(entry.Value.Data))];
    }
}
