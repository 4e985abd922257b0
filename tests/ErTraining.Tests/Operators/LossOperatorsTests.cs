using ErLoss.Benchmarks;
using ErLoss.Modules;
using static TorchSharp.torch;

namespace ErTraining.Tests.Operators;

/// <summary>How many operators of one call of the loss, value and gradients, launch a kernel: no more than there were.</summary>
/// <remarks>On the sphere three of them are a CPU's alone, which looks at the norms of rows before it normalises them.</remarks>
[Platform("Linux")]
internal sealed class LossOperatorsTests : TensorTests
{
    private static readonly (string Form, KernelEvaluation Evaluation, int Most)[] s_most =
    [
        ("Joe", KernelEvaluation.Composed, 88),
        ("Joe", KernelEvaluation.Fused, 106),
        ("plug-in", KernelEvaluation.Composed, 98),
        ("plug-in", KernelEvaluation.Fused, 116),
        ("Joe, labels", KernelEvaluation.Fused, 204),
        ("classes, plug-in", KernelEvaluation.Auto, 54),
        ("classes, plug-in, six views", KernelEvaluation.Auto, 79),
    ];

    [Test]
    public void No_more_launch_than_there_were()
    {
        using var forms = new LossForms(CPU, 64, 16);
        (LossForm, KernelEvaluation)[] cases = [.. s_most.Select(each => (forms.All.Single(form => form.Name == each.Form), each.Evaluation))];
        foreach (((string name, KernelEvaluation evaluation, int most), (OperatorPhase Value, OperatorPhase Gradients)? counts) in s_most.Zip(LossOperators.Count(cases, CPU, 64, 16)))
        {
            Assert.That(counts!.Value.Value.Launching.Count, Is.GreaterThan(10), $"{name}, {evaluation}: the value");
            Assert.That(counts.Value.Value.Launching.Count + counts.Value.Gradients.Launching.Count, Is.InRange(20, most), $"{name}, {evaluation}");
        }
    }
}
