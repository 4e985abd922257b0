using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>In what the gradient of a kernel entropy is wanted.</summary>
/// <param name="Rows">In the batch's rows.</param>
/// <param name="Centers">In the further centres.</param>
/// <param name="Kappa">In κ.</param>
internal readonly record struct WantedGradients(bool Rows, bool Centers, bool Kappa)
{
    /// <summary>Whether it is in the rows or in κ, whose gradient is made from that in the rows.</summary>
    public bool RowsOrKappa => Rows || Kappa;

    /// <summary>Whether any is.</summary>
    public bool Any => Rows || Centers || Kappa;

    /// <summary>Those of the tensors that require gradient, where gradients are recorded.</summary>
    public static WantedGradients Of(Tensor embeddings, Tensor? centers, Concentration concentration)
    {
        bool isRecorded = is_grad_enabled();
        return new WantedGradients(Requires(embeddings), Requires(centers), Requires(concentration.Learnt));

        bool Requires(Tensor? tensor) => isRecorded && tensor is { requires_grad: true };
    }
}
