namespace ErTraining.Training;

/// <summary>The rule the weights are moved by.</summary>
internal enum OptimizerKind
{
    /// <summary>Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019).</summary>
    AdamW,

    /// <summary>Stochastic gradient descent with momentum 0.9.</summary>
    Sgd,

    /// <summary>The same with every layer's step scaled by the norm of its weights (You, Gitman and Ginsburg, 2017), for large batches.</summary>
    Lars,
}
