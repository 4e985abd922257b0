using ErLoss.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>
/// The loss without its reconstruction, on the sphere and in all its forms, once more in float64 by ordinary operators on the k×k matrix, as its definition says. Gradients come by automatic
/// differentiation. Nothing of the library takes part.
/// </summary>
/// <param name="Loss">Minus the mean of the views' entropies, or the sum of the rows' values.</param>
/// <param name="Gradients">In the projections.</param>
/// <param name="LogKappaGradient">In log κ.</param>
internal sealed record EntropyTruth(double Loss, Tensor[] Gradients, double LogKappaGradient)
{
    /// <summary>Values and gradients of a form.</summary>
    /// <param name="options">Settings; κ, the estimator, leave-one-out, normalisation and the reduction count.</param>
    /// <param name="form">What belongs to the projections.</param>
    /// <param name="projections">Any type and device; they are taken as they are.</param>
    public static EntropyTruth Compute(EntropyReconstructionOptions options, LossForm form, Tensor[] projections)
    {
        using var scope = NewDisposeScope();
        Tensor[] leaves = [.. projections.Select(rows => Double(rows).clone().requires_grad_())];
        Tensor logKappa = tensor(Math.Log(options.Kappa), ScalarType.Float64).requires_grad_();
        ProjectedViews views = form.Views(leaves);
        Tensor kappa = logKappa.exp(), constant = LossTruth.LogNormalizer((int)leaves[0].shape[1], kappa, options.Normalizer);
        bool each = options.Reduction == nn.Reduction.None;
        Tensor loss = zeros([], ScalarType.Float64);
        for (int view = 0; view < views.Projections.Count; view++)
        {
            loss = loss - (Entropy(options, views, view, kappa, each) - (each ? views.Projections[view].shape[0] : 1) * constant) / views.Projections.Count;
        }
        loss.backward();
        return new EntropyTruth(
            loss.ToDouble(),
            [.. leaves.Select(leaf => leaf.grad!.MoveToOuterDisposeScope())],
            logKappa.grad!.ToDouble());
    }

    /// <summary>H + log C of a view; with <paramref name="each"/> the sum of its rows' values.</summary>
    private static Tensor Entropy(EntropyReconstructionOptions options, ProjectedViews views, int view, Tensor kappa, bool each)
    {
        Tensor rows = OnSphere(views.Projections[view], options);
        int k = (int)rows.shape[0];
        Tensor weights = views.Weights is null ? ones(k, ScalarType.Float64) : Double(views.Weights);
        weights = views.Mask is null ? weights : weights * Double(views.Mask);
        Tensor all = rows, allWeights = weights;
        if (views.Centers.Count > 0)
        {
            Centers centers = views.Centers[Math.Min(view, views.Centers.Count - 1)];
            all = cat([rows, OnSphere(Double(centers.Rows), options)]);
            allWeights = cat([weights, centers.Weights is null ? ones(centers.Rows.shape[0], ScalarType.Float64) : Double(centers.Weights)]);
        }
        // Which centres are the row itself, or the same example as it is.
        Tensor own = eye(k, all.shape[0], dtype: ScalarType.Float64);
        if (views.Ids is not null)
        {
            Tensor ids = views.Ids.cpu();
            own = cat([ids.unsqueeze(1).eq(ids).to(ScalarType.Float64), zeros(k, all.shape[0] - k, ScalarType.Float64)], 1);
        }
        Tensor others = (1 - own) * allWeights, exponents = kappa * rows.mm(all.t()), largest = exponents.detach().amax([1], keepdim: true);
        Tensor sums = ((exponents - largest).exp() * others).sum(1), kernels = others.sum(1);
        if (!options.LeaveOneOut)
        {
            // Of normalised rows it is a constant of theirs. Differentiated, its share would be taken away again by the normalisation, but for the rounding of it.
            Tensor ownWeights = (own * allWeights).sum(1), squares = (options.NormalizeInputs ? rows.detach() : rows).square().sum(1);
            sums = sums + ownWeights * (kappa * squares - largest.squeeze(1)).exp();
            kernels = allWeights.sum().expand(k);
        }
        Tensor counts = weights.gt(0).logical_and(kernels.gt(0)), counted = counts.nonzero().squeeze(1);
        Tensor logDensities = (sums[counted] / kernels[counted]).log() + largest.squeeze(1)[counted], shares = weights[counted] / weights[counted].sum();
        return each ? -logDensities.sum()
            : options.Estimator == EntropyEstimator.Joe ? -(shares * logDensities).sum()
            : -((logDensities + shares.log()).softmax(0) * logDensities).sum();
    }

    private static Tensor OnSphere(Tensor rows, EntropyReconstructionOptions options) => options.NormalizeInputs ? rows / rows.square().sum(1, keepdim: true).sqrt() : rows;

    private static Tensor Double(Tensor values) => values.requires_grad ? values.cpu().to(ScalarType.Float64) : values.detach().cpu().to(ScalarType.Float64);
}
