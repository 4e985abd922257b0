using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training;
using ErLoss.Training.Checkpoints;
using ErLoss.Training.Methods;
using static TorchSharp.torch;

namespace ErTraining.Tests.Checkpoints;

internal sealed class ModelWeightsTests
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
        ModelWeights.Save(folder.Path, saved);

        using var loaded = new ConvNet();
        ModelWeights.Load(folder.Path, loaded);
        saved.eval();
        loaded.eval();
        Assert.That(saved.call(images).equal(loaded.call(images)).all().item<bool>());
    }

    [Test]
    public void Names_are_those_that_PyTorch_users_expect()
    {
        using var folder = new TemporaryDirectory();
        using var encoder = new ConvNet();
        ModelWeights.Save(folder.Path, encoder);
        string file = Directory.GetFiles(folder.Path).Single();
        Assert.That(SafeTensors.Read(file).Tensors.Keys, Is.SupersetOf(new[] { "layers.block1.conv.weight", "layers.block1.bn.running_mean" }));
    }

    [Test]
    public void Weights_of_another_module_are_refused_with_a_line_that_names_the_file()
    {
        using var folder = new TemporaryDirectory();
        using var encoder = new ConvNet();
        using var other = Projector.Create(4, new HeadSettings { HiddenDimension = 8, ProjectionDimension = 2 });
        ModelWeights.Save(folder.Path, encoder);
        Assert.That(
            () => ModelWeights.Load(folder.Path, other),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("model.safetensors").And.Message.Not.Contains("\n"));
    }

    [Test]
    public void Weights_of_another_shape_are_refused()
    {
        using var folder = new TemporaryDirectory();
        using var small = Projector.Create(4, new HeadSettings { HiddenDimension = 8, ProjectionDimension = 2 });
        using var large = Projector.Create(4, new HeadSettings { HiddenDimension = 16, ProjectionDimension = 2 });
        ModelWeights.Save(folder.Path, small);
        Assert.That(() => ModelWeights.Load(folder.Path, large), Throws.TypeOf<InvalidDataException>().With.Message.Contains("[16, 4]"));
    }

    private static IEnumerable<string> Methods => Registry.Default.Methods.Keys;

    [TestCaseSource(nameof(Methods))]
    public void An_encoder_comes_back_out_of_any_method(string method)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryDirectory();
        using TwoViewMethod saved = Registry.Default.Methods[method].Create(() => new ConvNet(), images: 64);
        saved.Encoder.train();
        saved.Encoder.call(randn(16, 3, 32, 32)); // now the teacher's statistics, where there is a teacher, are others
        ModelWeights.Save(folder.Path, saved);

        using var loaded = new ConvNet();
        ModelWeights.LoadEncoder(folder.Path, loaded);
        saved.eval();
        loaded.eval();
        Tensor images = randn(4, 3, 32, 32);
        Assert.That(saved.Encoder.call(images).equal(loaded.call(images)).all().item<bool>());
    }

    [Test]
    public void Another_encoder_s_weights_are_refused_with_a_line_that_names_the_file()
    {
        using var folder = new TemporaryDirectory();
        using TwoViewMethod saved = new SimClrSettings().Create(() => new ConvNet(), images: 64);
        using var other = new ResNet18();
        Assert.That(() => ModelWeights.LoadEncoder(folder.Path, other), Refused("this run has no weights yet"));
        ModelWeights.Save(folder.Path, saved);
        Assert.That(() => ModelWeights.LoadEncoder(folder.Path, other), Refused("by its names it holds the encoder convnet"));
        File.WriteAllText(folder["model.safetensors"], "no weights");
        Assert.That(() => ModelWeights.LoadEncoder(folder.Path, other), Refused("not a safetensors file"));
    }

    [Test]
    public void An_encoder_of_other_widths_is_refused()
    {
        using var folder = new TemporaryDirectory();
        using var encoder = new ConvNet();
        SafeTensors.Write(folder["model.safetensors"], encoder.state_dict().ToDictionary(
            entry => $"encoder.{entry.Key}", entry => new SafeTensor("F32", [2], new byte[8])));
        Assert.That(() => ModelWeights.LoadEncoder(folder.Path, encoder), Refused("The file has layers.block1.bn.bias [2]"));
    }

    private static NUnit.Framework.Constraints.ContainsConstraint Refused(string says) =>
        Throws.TypeOf<DataException>().With.Message.Contains("model.safetensors").And.Message.Not.Contains("\n").And.Message.Contains(says);
}
