using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Encoders;

/// <summary>The check of features: it passes encoders that are right, names the error of wrong ones, and changes nothing.</summary>
internal sealed class FeatureCheckTests : TensorTests
{
    private static IEnumerable<string> Names => Registry.Default.Encoders;

    [Test]
    public void Right_features_pass_in_every_precision([ValueSource(nameof(Names))] string name)
    {
        using Encoder encoder = Registry.Default.CreateEncoder(name);
        encoder.TrainingType = ScalarType.BFloat16;
        IReadOnlyList<FeatureError> errors = FeatureCheck.Measure(encoder, 32);
        Assert.Multiple(() =>
        {
            Assert.That(errors.Select(error => error.Type), Is.EqualTo([ScalarType.Float32, ScalarType.BFloat16]));
            Assert.That(errors.Select(error => error.IsRight), Is.All.True);
            Assert.That(errors[0].Error, Is.GreaterThan(1e-9).And.LessThan(1e-5), "rounding, and no more");
            Assert.That(errors[1].Error, Is.GreaterThan(1e-4).And.LessThan(0.02), "rounding, and no more");
            Assert.That(() => FeatureCheck.Require(encoder, 32), Throws.Nothing);
        });
    }

    [TestCase(32)]
    [TestCase(40)]
    [TestCase(66)]
    public void The_encoder_the_random_numbers_and_the_memory_are_as_they_were(int size)
    {
        using Encoder encoder = new ConvNet();
        encoder.train();
        Dictionary<string, Tensor> before = encoder.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        Tensor generator = Generator.Default.get_state();
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        FeatureCheck.Require(encoder, size);
        Assert.Multiple(() =>
        {
            Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive));
            Assert.That(Generator.Default.get_state().equal(generator).all().item<bool>());
            Assert.That(encoder.training);
            foreach ((string name, Tensor value) in encoder.state_dict())
            {
                Assert.That(value.equal(before[name]).all().item<bool>(), name);
            }
        });
    }

    [TestCase(2, 1, TestName = "The second image of two, and of more")]
    [TestCase(16, 15, TestName = "The last image of sixteen")]
    [TestCase(1, 0, TestName = "The first image of any batch")]
    public void Features_that_are_wrong_in_a_batch_are_refused_with_one_line_and_the_cure(int leastBatch, int image)
    {
        using Encoder encoder = new ConvNet();
        FaultyConvolution.Spoil(encoder, maps => maps.shape[0] >= leastBatch, maps => maps[image].mul_(0.6));
        WrongFeaturesException refusal = Assert.Throws<WrongFeaturesException>(() => FeatureCheck.Require(encoder, 32))!;
        Assert.That(refusal.Message, Does.Match(
            @"^This machine's libtorch computes the features of ConvNet in float32 on cpu wrongly \(relative error 0\.\d+ where 0\.001 is allowed\); set ONEDNN_MAX_CPU_ISA=AVX2 in the environment and start again\.$"));
    }

    [Test]
    public void Large_images_are_checked_in_a_pair_of_256_pixels_at_most_and_small_ones_in_all_other_ways()
    {
        using Encoder encoder = new ConvNet();
        List<(long Images, long Size)> computed = []; // after the first convolution, which halves the size
        FaultyConvolution.Spoil(encoder, maps => { computed.Add((maps.shape[0], maps.shape[2])); return false; }, _ => { });
        Assert.That(() => FeatureCheck.Require(encoder, 300), Throws.Nothing);
        Assert.That(computed.GroupBy(call => call.Size).Select(calls => (calls.Key, calls.Sum(call => call.Images))), Is.EquivalentTo([(16L, 22L), (128L, 3L)]));
        FaultyConvolution.Spoil(encoder, maps => maps.shape[0] == 2 && maps.shape[2] == 128, maps => maps[1].mul_(0.6));
        Assert.That(() => FeatureCheck.Require(encoder, 300), Throws.TypeOf<WrongFeaturesException>());
    }

    [Test]
    public void Features_that_are_wrong_in_training_s_precision_alone_are_refused_by_its_name()
    {
        using Encoder encoder = new ConvNet();
        FaultyConvolution.Spoil(encoder, maps => maps.dtype == ScalarType.BFloat16, maps => maps.mul_(0.6));
        Assert.That(() => FeatureCheck.Require(encoder, 32), Throws.Nothing, "it does not train in bfloat16");
        encoder.TrainingType = ScalarType.BFloat16;
        Assert.That(() => FeatureCheck.Require(encoder, 32), Throws.TypeOf<WrongFeaturesException>().With.Message.Contains("in bfloat16 on cpu wrongly"));
    }

    [Test]
    public void Features_that_are_no_numbers_are_wrong()
    {
        using Encoder encoder = new ConvNet();
        FaultyConvolution.Spoil(encoder, maps => maps.shape[0] == 2, maps => maps[1].fill_(double.NaN));
        Assert.That(FeatureCheck.Measure(encoder, 32).Single().IsRight, Is.False);
    }

    [Test]
    public void Weights_that_give_no_finite_features_are_no_fault_of_the_machine()
    {
        using Encoder encoder = new ConvNet();
        using (no_grad())
        {
            encoder.parameters().First().fill_(double.NaN);
        }
        Assert.That(FeatureCheck.Measure(encoder, 32), Is.Empty);
        Assert.That(FeatureCheck.Describe(encoder, 32), Does.Contain("the weights give none that are finite"));
        Assert.That(() => FeatureCheck.Require(encoder, 32), Throws.Nothing);
    }
}
