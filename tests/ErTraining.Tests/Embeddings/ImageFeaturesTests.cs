using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Data;
using ErLoss.Training.Embeddings;
using static TorchSharp.torch;

namespace ErTraining.Tests.Embeddings;

internal sealed class ImageFeaturesTests : TensorTests
{
    [Test]
    public void They_are_those_of_the_images_in_order_whatever_the_batch_that_it_starts_with()
    {
        const int Batch = 128;
        ImageData data = SyntheticImages.Create(Batch + 5, 7, seed: 0);
        ImageListing images = ImageListing.Of(data);
        using var encoder = new ConvNet();
        using var pixels = new ImageTensors(new ImageSet([.. data.Train.Pixels, .. data.Test.Pixels], [.. data.Train.Labels, .. data.Test.Labels], data.Train.ClassNames), CPU);
        Tensor wanted = pixels.FeaturesOf(encoder);
        Assert.Multiple(() =>
        {
            Assert.That(All(0).equal(wanted).all().item<bool>());
            Assert.That(All(Batch).equal(wanted.narrow(0, Batch, 12)).all().item<bool>());
        });

        Tensor All(int first)
        {
            var batches = new List<Tensor>();
            ImageFeatures.Compute(encoder, new ImagePreprocessing(), CPU, images, first, batch => batches.Add(batch.Features.clone().DetachFromDisposeScope()), null, CancellationToken.None);
            Tensor all = cat(batches);
            batches.ForEach(batch => batch.Dispose());
            return all;
        }
    }

    [Test]
    public void A_cancelled_computation_ends_at_once()
    {
        using var encoder = new ConvNet();
        using var source = new CancellationTokenSource();
        ImageListing images = ImageListing.Of(SyntheticImages.Create(300, 1, seed: 0));
        int batches = 0;
        Assert.That(
            () => ImageFeatures.Compute(encoder, new ImagePreprocessing(), CPU, images, 0, _ =>
            {
                batches++;
                source.Cancel();
            }, null, source.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(batches, Is.EqualTo(1));
    }
}
