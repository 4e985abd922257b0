using ErTraining.Encoders;
using ErTraining.Training;
using static TorchSharp.torch;

namespace ErTraining.Tests.Training;

internal sealed class CheckpointTests
{
    [Test]
    public void Weights_and_statistics_come_back_to_the_last_bit()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryDirectory();
        using var saved = new ConvNet();
        Tensor images = randn(16, 3, 32, 32);
        saved.train();
        saved.call(images); // moves the batch statistics away from their start
        Checkpoint.Save(folder.Path, saved);

        using var loaded = new ConvNet();
        Checkpoint.Load(folder.Path, loaded);
        saved.eval();
        loaded.eval();
        Assert.That(saved.call(images).equal(loaded.call(images)).all().item<bool>());
    }

    [Test]
    public void Names_are_those_that_PyTorch_users_expect()
    {
        using var folder = new TemporaryDirectory();
        using var encoder = new ConvNet();
        Checkpoint.Save(folder.Path, encoder);
        string file = Directory.GetFiles(folder.Path).Single();
        Assert.That(SafeTensors.Read(file).Tensors.Keys, Is.SupersetOf(new[] { "layers.block1.conv.weight", "layers.block1.bn.running_mean" }));
    }

    [Test]
    public void Weights_of_another_module_are_refused_with_a_line_that_names_the_file()
    {
        using var folder = new TemporaryDirectory();
        using var encoder = new ConvNet();
        using var other = Projector.Create(4, 8, 2);
        Checkpoint.Save(folder.Path, encoder);
        Assert.That(
            () => Checkpoint.Load(folder.Path, other),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("model.safetensors").And.Message.Not.Contains("\n"));
    }

    [Test]
    public void Weights_of_another_shape_are_refused()
    {
        using var folder = new TemporaryDirectory();
        using var small = Projector.Create(4, 8, 2);
        using var large = Projector.Create(4, 16, 2);
        Checkpoint.Save(folder.Path, small);
        Assert.That(() => Checkpoint.Load(folder.Path, large), Throws.TypeOf<InvalidDataException>().With.Message.Contains("[16, 4]"));
    }
}
