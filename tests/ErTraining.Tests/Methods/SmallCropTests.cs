using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using ErLoss.Training.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

/// <summary>Methods that train on small crops beside the two views.</summary>
internal sealed class SmallCropTests : TensorTests
{
    private const int Small = 3;

    [Test]
    public void Each_crop_predicts_the_targets_of_the_two_views_but_its_own_and_the_entropy_is_that_of_the_views([Values("dino", "swav")] string name, [Values] Objective objective)
    {
        using TwoViewMethod method = TwoViewMethodTests.Create(name, objective);
        method.to(ScalarType.Float64);
        method.eval(); // in which crops do not depend on each other
        Dictionary<string, Tensor> state = method.state_dict();
        if (name == "dino") // whose teacher and centre are made others than at the start
        {
            state["center"].copy_(randn_like(state["center"]) * 0.1);
            state["teacherPrototypes.weight"].copy_(randn_like(state["teacherPrototypes.weight"]));
        }
        ViewBatch batch = InFloat64(TwoViewMethodTests.Batch(Small));

        Tensor[] crops = [batch.View1, batch.View2, .. batch.SmallCrops!.chunk(Small)];
        Tensor[] embeddings = [.. crops.Select(crop => method.Project(method.Encoder.call(crop)).Embeddings)];
        double[][][] logs = [.. embeddings.Select(crop => Rows(Scores(crop, "prototypes")).Select(row => LogSoftmax(row, 0.1)).ToArray())];
        double[][][] probabilities = [.. logs.Select(crop => crop.Select(row => row.Select(Math.Exp).ToArray()).ToArray())];
        double entropy = probabilities[..2].Average(view => -Enumerable.Range(0, view[0].Length).Sum(c => view.Average(row => row[c]) * Math.Log(view.Average(row => row[c]))));
        double reconstruction = Reconstruction(name == "dino" ? TeacherTargets() : probabilities[..2]);
        double loss = objective == Objective.Er ? reconstruction - entropy : name == "dino" ? reconstruction : Reconstruction(Codes());

        MethodTerms terms = method.call(batch);
        Assert.Multiple(() =>
        {
            Assert.That(terms.Entropy.ToDouble(), Finite.Near(entropy, 1e-10));
            Assert.That(terms.Reconstruction.ToDouble(), Finite.Near(reconstruction, 1e-10));
            Assert.That(terms.Loss.ToDouble(), Finite.Near(loss, 1e-10));
        });

        Tensor Scores(Tensor rows, string layer) => rows.mm(nn.functional.normalize(state[$"{layer}.weight"], dim: 1).t());

        double[][][] TeacherTargets()
        {
            double[] center = state["center"].data<double>().ToArray();
            return [.. embeddings[..2].Select(view => Rows(Scores(view, "teacherPrototypes")).Select(row => LogSoftmax([.. row.Zip(center, (x, c) => x - c)], 0.04).Select(Math.Exp).ToArray()).ToArray())];
        }

        double[][][] Codes() => [.. embeddings[..2].Select(view => Rows(SinkhornKnopp.Assign(Scores(view, "prototypes"), 0.05, 3)))];

        double Reconstruction(double[][][] targets) =>
            (from target in targets.Index() from crop in logs.Index() where crop.Index != target.Index select CrossEntropy(target.Item, crop.Item)).Average();
    }

    [Test]
    public void A_run_with_small_crops_has_the_order_and_the_views_of_one_without_and_small_crops_of_their_own_stream()
    {
        using var images = new ImageTensors(SyntheticImages.Create(24, 10, seed: 0).Train, CPU);
        using TwoViewMethod method = TwoViewMethodTests.Create("dino", Objective.Er);
        using var without = new TrainingStep(Given.Settings("method=dino batch_size=8"), method, images);
        using var with = new TrainingStep(Given.Settings($"method=dino batch_size=8 small_crops={Small} small_crop_size=12"), method, images);
        without.BeginEpoch(2, isNew: true);
        with.BeginEpoch(2, isNew: true);
        ViewBatch plain = without.Batch(1, 4), batch = with.Batch(1, 4), again = with.Batch(1, 4), next = with.Batch(1, 5);
        Assert.Multiple(() =>
        {
            Assert.That(plain.SmallCrops, Is.Null);
            Assert.That(Bytes(batch.Indices), Is.EqualTo(Bytes(plain.Indices)));
            Assert.That(Bytes(batch.View1), Is.EqualTo(Bytes(plain.View1)));
            Assert.That(Bytes(batch.View2), Is.EqualTo(Bytes(plain.View2)));
            Assert.That(batch.SmallCrops!.shape, Is.EqualTo(new long[] { Small * 8, 3, 12, 12 }));
            Assert.That(Bytes(again.SmallCrops!), Is.EqualTo(Bytes(batch.SmallCrops)), "those of a step are drawn from its seed");
            Assert.That(Bytes(next.SmallCrops!), Is.Not.EqualTo(Bytes(batch.SmallCrops)));
            Assert.That(RandomStream.Seed(0, RandomPurpose.SmallCrops, 4), Is.Not.EqualTo(RandomStream.Seed(0, RandomPurpose.Views, 4)));
        });

        static string Bytes(Tensor tensor) => Digest.Of(tensor.contiguous().bytes.ToArray());
    }

    [TestCase("convnet", 1)]
    [TestCase("convnet", 31)]
    [TestCase("resnet18", 1)]
    [TestCase("resnet18", 7)]
    public void An_encoder_of_the_program_takes_crops_of_every_size(string name, int size)
    {
        using Encoder encoder = Registry.Default.CreateEncoder(name);
        Tensor images = randn(2, 3, size, size);
        Assert.That(encoder.call(images).shape, Is.EqualTo(new long[] { 2, encoder.FeatureDimension }), "while it trains");
        Assert.That(() => SmallCropCheck.Require(Registry.Default, Given.Settings($"method=swav small_crops=1 small_crop_size={size} encoder={name}"), encoder), Throws.Nothing);
        Assert.That(encoder.training, Is.True);
    }

    private static ViewBatch InFloat64(ViewBatch batch) => new(
        batch.View1.to(ScalarType.Float64), batch.View2.to(ScalarType.Float64), batch.Indices, batch.SmallCrops!.to(ScalarType.Float64));

    private static double CrossEntropy(double[][] targets, double[][] logs) => targets.Zip(logs, (target, log) => -target.Zip(log, (t, l) => t * l).Sum()).Average();

    private static double[] LogSoftmax(double[] scores, double temperature)
    {
        double sum = Math.Log(scores.Sum(score => Math.Exp(score / temperature)));
        return [.. scores.Select(score => score / temperature - sum)];
    }

    private static double[][] Rows(Tensor matrix) => [.. matrix.contiguous().data<double>().ToArray().Chunk((int)matrix.shape[1])];
}
