using ErLoss.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>The operators that one call of the loss dispatches, value and gradients.</summary>
internal static class LossOperators
{
    /// <summary>Counts the operators of a call of each form, after one that is not counted.</summary>
    /// <param name="cases">Forms and how their kernels are computed.</param>
    /// <param name="device">Where.</param>
    /// <param name="k">Rows.</param>
    /// <param name="d">Dimension.</param>
    /// <returns>For each the operators of the value and those of the gradients; null where the evaluation does not serve the form.</returns>
    public static IReadOnlyList<(OperatorPhase Value, OperatorPhase Gradients)?> Count(
        IReadOnlyList<(LossForm Form, KernelEvaluation Evaluation)> cases, Device device, int k, int d)
    {
        using var scope = NewDisposeScope();
        bool[] areServed = [.. cases.Select(each => IsServed(each.Form, each.Evaluation))];
        LossCall[] ready = [.. cases.Select(each => new LossCall(each.Form, each.Evaluation, device, k, d))];
        using var trace = new OperatorTrace();
        foreach ((LossCall call, _) in ready.Zip(areServed).Where(each => each.Second))
        {
            OperatorParts.Mark();
            Tensor value = call.Value();
            OperatorParts.Mark();
            value.backward();
            OperatorParts.Mark();
        }
        IReadOnlyList<Operator> calls = trace.End();
        Array.ForEach(ready, call => call.Dispose());
        var all = calls.ToDictionary(call => call.Id);
        IReadOnlyList<IReadOnlyList<Operator>> parts = OperatorParts.Split(calls);
        int part = -2;
        return [.. areServed.Select(isServed => isServed ? Next() : ((OperatorPhase, OperatorPhase)?)null)];

        (OperatorPhase, OperatorPhase) Next()
        {
            part += 3;
            return (OperatorPhase.Create("value", parts[part], all), OperatorPhase.Create("gradients", parts[part + 1], all));
        }

        bool IsServed(LossForm form, KernelEvaluation evaluation)
        {
            try
            {
                using var call = new LossCall(form, evaluation, device, k, d);
                call.Value().backward();
                return true;
            }
            catch (ArgumentException)
            {
                return false;
            }
        }
    }

    /// <summary>A call of the loss that is ready.</summary>
    private sealed class LossCall : IDisposable
    {
        private readonly EntropyReconstructionLoss _loss;
        private readonly ProjectedViews _views;

        public LossCall(LossForm form, KernelEvaluation evaluation, Device device, int k, int d)
        {
            _loss = new EntropyReconstructionLoss(form.Options with { Evaluation = evaluation });
            _loss.to(device);
            random.manual_seed(0);
            double norm = form.Options is { Support: Support.Sphere, NormalizeInputs: true } ? LossForms.TinyNorm : 1;
            _views = form.Views([.. Enumerable.Range(0, form.ViewCount).Select(_ => (norm * nn.functional.normalize(randn(k, d, device: CPU), dim: 1)).to(device).requires_grad_())]);
        }

        /// <summary>The loss. Two views alone go the shorter way, which makes no terms.</summary>
        public Tensor Value()
        {
            Tensor value = _views is { Projections: [var first, var second], Weights: null, Mask: null, Ids: null, Labels: null, Target: null, Centers.Count: 0 }
                ? _loss.call(first, second)
                : _loss.terms(_views).Loss;
            return value.dim() == 0 ? value : value.sum();
        }

        public void Dispose() => _loss.Dispose();
    }
}
