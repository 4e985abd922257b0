using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Optimization;

internal sealed class OptimizersTests
{
    [TestCase("adamw")]
    [TestCase("sgd")]
    [TestCase("lars")]
    public void Only_matrices_decay_where_there_is_no_gradient(string kind)
    {
        using var scope = NewDisposeScope();
        using var module = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3));
        foreach (TorchSharp.Modules.Parameter parameter in module.parameters())
        {
            using (no_grad())
            {
                parameter.fill_(1);
            }
            parameter.grad = zeros_like(parameter);
        }
        using optim.Optimizer optimizer = Given.Settings($"optimizer={kind} learning_rate=0.1 weight_decay=0.5").Optimizer.Create(module);
        optimizer.step();
        Assert.Multiple(() =>
        {
            foreach ((string name, TorchSharp.Modules.Parameter parameter) in module.named_parameters())
            {
                double expected = parameter.dim() > 1 ? 1 - 0.1 * 0.5 : 1;
                Assert.That(parameter.mean().ToDouble(), Is.EqualTo(expected).Within(1e-6), name);
            }
        });
    }
}
