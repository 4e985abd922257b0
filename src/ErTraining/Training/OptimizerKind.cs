namespace ErTraining.Training;

/// <summary>The rule the weights are moved by.</summary>
internal enum OptimizerKind
{
    /// <summary>Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019).</summary>
    AdamW,

    /// <summary>Stochastic gradient descent with momentum 0.9.</summary>
    Sgd,
}
