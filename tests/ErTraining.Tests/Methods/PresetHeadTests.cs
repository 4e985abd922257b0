using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training;
using ErLoss.Training.Methods;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

/// <summary>The heads that presets make, with the layers of the libraries that they are of.</summary>
internal sealed class PresetHeadTests : TensorTests
{
    [TestCase("simclr", "lightly", "fc1.weight bn.weight bn.bias fc2.weight bn2.weight bn2.bias")]
    [TestCase("simclr", "simclr-paper", "fc1.weight bn.weight bn.bias fc2.weight bn2.weight bn2.bias")]
    [TestCase("simclr", "solo-learn", "fc1.weight fc1.bias fc2.weight fc2.bias")]
    [TestCase("byol", "lightly", "fc1.weight bn.weight bn.bias fc2.weight fc2.bias")]
    [TestCase("dino", "solo-learn", "fc1.weight fc1.bias fc2.weight fc2.bias")]
    [TestCase("swav", "lightly", "fc1.weight bn.weight bn.bias fc2.weight fc2.bias")]
    public void A_projector_has_the_layers_of_the_recipe(string method, string preset, string layers)
    {
        using TwoViewMethod created = Create(method, preset);
        Assert.That(
            created.named_parameters().Select(p => p.name).Where(name => name.StartsWith("projector.", StringComparison.Ordinal)),
            Is.EqualTo(layers.Split(' ').Select(name => $"projector.{name}")));
    }

    [Test]
    public void A_predictor_does_not_end_with_a_normalisation()
    {
        using TwoViewMethod byol = Create("byol", "lightly", "output_norm");
        string[] names = [.. byol.named_parameters().Select(p => p.name)];
        Assert.That(names, Has.Member("projector.bn2.weight").And.Member("teacherProjector.bn2.weight").And.Member("predictor.fc2.bias").And.No.Member("predictor.bn2.weight"));
    }

    [TestCase("", 1)]
    [TestCase("preset=lightly", 0.577)]
    [TestCase("preset=solo-learn", 0.577)]
    public void The_prototypes_of_DINO_start_at_their_norm_and_what_they_give_does_not_depend_on_it(string preset, double norm)
    {
        using TwoViewMethod method = FreshRun.Compose(Registry.Default, Given.Words($"method=dino {preset} hidden_dimension=16 prototypes=10")).Method.Create(() => new ConvNet(), 32);
        Parameter weight = method.named_parameters().Single(p => p.name == "prototypes.weight").parameter;
        Assert.That(weight.norm(1).data<float>().ToArray(), Has.All.EqualTo(norm).Within(1e-5));
        Tensor view = TwoViewMethodTests.Batch().View1, before = method.Project(method.Encoder.call(view)).Probabilities!;
        using (no_grad())
        {
            weight.mul_(3);
        }
        Assert.That(method.Project(method.Encoder.call(view)).Probabilities!.allclose(before, atol: 1e-6), Is.True);
    }

    [Test]
    public void The_linear_prototypes_of_SwAV_are_unit_rows_before_each_step_and_used_as_they_are()
    {
        using TwoViewMethod method = Create("swav", "lightly");
        Dictionary<string, Parameter> weights = method.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        Parameter weight = weights["prototypes.linear.weight"], bias = weights["prototypes.linear.bias"];
        Assert.That(weight.norm(1).data<float>().ToArray(), Has.All.EqualTo(1).Within(1e-5));
        using (no_grad())
        {
            weight.mul_(2);
        }
        MethodOutputs outputs = method.Project(method.Encoder.call(TwoViewMethodTests.Batch().View1));
        Tensor logits = (outputs.Embeddings.mm(weight.t()) + bias) / 0.1;
        Assert.That(outputs.Probabilities!.allclose(nn.functional.softmax(logits, 1), atol: 1e-5), Is.True);
        method.AfterStep(0.5);
        Assert.That(weight.norm(1).data<float>().ToArray(), Has.All.EqualTo(1).Within(1e-5));
    }

    private static TwoViewMethod Create(string method, string preset, string words = "") =>
        FreshRun.Compose(Registry.Default, Given.Words($"method={method} preset={preset} {words}")).Method.Create(() => new ConvNet(), images: 32);
}
