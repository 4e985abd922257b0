using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErTraining.Training;

/// <summary>Optimizers over a module's parameters in two groups: biases, norms and scalars are spared the weight decay.</summary>
internal static class Optimizers
{
    private const double Momentum = 0.9;

    /// <summary>The learning rate that suits an optimizer where none is asked for.</summary>
    public static double DefaultLearningRate(OptimizerKind kind) => kind switch
    {
        OptimizerKind.Sgd => 0.3,
        OptimizerKind.Lars => 1,
        _ => 3e-3,
    };

    /// <summary>A fresh optimizer over the parameters that take a gradient.</summary>
    public static optim.Optimizer Create(TrainingSettings settings, Module module)
    {
        OptimizerKind kind = settings.Optimizer;
        double learningRate = settings.LearningRate ?? DefaultLearningRate(kind), weightDecay = settings.WeightDecay;
        ILookup<bool, Parameter> byDecay = module.parameters().Where(p => p.requires_grad).ToLookup(p => p.dim() > 1);
        return kind switch
        {
            OptimizerKind.Sgd => new FusedSgd(
                new[]
                {
                    new SGD.ParamGroup(byDecay[true], learningRate, Momentum, weight_decay: weightDecay),
                    new SGD.ParamGroup(byDecay[false], learningRate, Momentum),
                },
                learningRate,
                Momentum),
            OptimizerKind.Lars => new Lars(byDecay[true], byDecay[false], learningRate, Momentum, weightDecay, settings.TrustCoefficient, settings.ClipTrust),
            _ => new FusedAdamW(
                new[]
                {
                    new AdamW.ParamGroup(byDecay[true], learningRate, weight_decay: weightDecay),
                    new AdamW.ParamGroup(byDecay[false], learningRate, weight_decay: 0),
                },
                learningRate),
        };
    }
}
