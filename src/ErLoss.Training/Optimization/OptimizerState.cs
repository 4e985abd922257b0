using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using ParameterState = TorchSharp.Modules.OptimizerState;

namespace ErLoss.Training.Optimization;

/// <summary>What an optimizer carries from step to step, as tensors by name: put into a fresh optimizer, training goes on to the same bits.</summary>
/// <remarks>
/// <para>A name is the parameter's in its module and PyTorch's for the quantity: <c>….momentum_buffer</c> with SGD and LARS; <c>….step</c>
/// (int64, no axes), <c>….exp_avg</c> and <c>….exp_avg_sq</c> with AdamW. Every parameter that the optimizer moves has all of them, whether it
/// has been moved or not. Learning rates, decays and the like are settings, not state.</para>
/// <para>TorchSharp's own <c>load_state_dict</c> goes by position instead of by name, and the dispose scope around it frees what it loaded.</para>
/// </remarks>
internal static class OptimizerState
{
    private const string Momentum = "momentum_buffer", Step = "step", Mean = "exp_avg", MeanSquare = "exp_avg_sq";

    /// <summary>The state, in the order of the module's parameters.</summary>
    /// <param name="optimizer">One that <see cref="OptimizerSettings"/> made.</param>
    /// <param name="module">The module it was made for.</param>
    /// <returns>Tensors of the current dispose scope that share the optimizer's memory: the next step changes them.</returns>
    public static Dictionary<string, Tensor> Capture(optim.Optimizer optimizer, Module module)
    {
        var state = new Dictionary<string, Tensor>();
        foreach ((string name, ParameterState of) in States(optimizer, module))
        {
            switch (of)
            {
                case SGD.State sgd:
                    state.Add($"{name}.{Momentum}", sgd.momentum_buffer.detach());
                    break;
                case AdamW.State adam:
                    state.Add($"{name}.{Step}", tensor(adam.step, device: CPU));
                    state.Add($"{name}.{Mean}", adam.exp_avg.detach());
                    state.Add($"{name}.{MeanSquare}", adam.exp_avg_sq.detach());
                    break;
            }
        }
        return state;
    }

    /// <summary>Puts a state into an optimizer; nothing is changed if it does not fit.</summary>
    /// <param name="optimizer">One of the same kind as that the state is of.</param>
    /// <param name="module">The module it was made for, of the same make.</param>
    /// <param name="state">What <see cref="Capture"/> gave, on any device; copied.</param>
    /// <exception cref="InvalidDataException">A name, shape or type is another one; the message is a line that says which.</exception>
    public static void Restore(optim.Optimizer optimizer, Module module, IReadOnlyDictionary<string, Tensor> state)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Check(state, Capture(optimizer, module));
        foreach ((string name, ParameterState of) in States(optimizer, module))
        {
            switch (of)
            {
                case SGD.State sgd:
                    sgd.momentum_buffer.copy_(state[$"{name}.{Momentum}"]);
                    break;
                case AdamW.State adam:
                    adam.step = state[$"{name}.{Step}"].item<long>();
                    adam.exp_avg.copy_(state[$"{name}.{Mean}"]);
                    adam.exp_avg_sq.copy_(state[$"{name}.{MeanSquare}"]);
                    break;
            }
        }
    }

    private static void Check(IReadOnlyDictionary<string, Tensor> state, Dictionary<string, Tensor> wanted)
    {
        if (state.Keys.Except(wanted.Keys).Concat(wanted.Keys.Except(state.Keys)).FirstOrDefault() is { } odd)
        {
            throw new InvalidDataException($"'{odd}' is in only one of the two, the saved state and the optimizer; they must be of the same kind.");
        }
        foreach ((string name, Tensor target) in wanted)
        {
            Tensor source = state[name];
            if (source.dtype != target.dtype || !source.shape.AsSpan().SequenceEqual(target.shape))
            {
                throw new InvalidDataException(
                    $"'{name}' is {source.dtype} [{string.Join(", ", source.shape)}]; {target.dtype} [{string.Join(", ", target.shape)}] is wanted.");
            }
        }
    }

    /// <summary>The module's parameters that the optimizer moves, with what it keeps for each.</summary>
    private static IEnumerable<(string Name, ParameterState State)> States(
        optim.Optimizer optimizer, Module module)
    {
        Dictionary<IntPtr, ParameterState> states = optimizer.parameters()
            .Zip(((OptimizerHelper)optimizer).state_dict().State, (parameter, state) => (parameter.Handle, state))
            .ToDictionary();
        return module.named_parameters()
            .Where(named => states.ContainsKey(named.parameter.Handle))
            .Select(named => (named.name, states[named.parameter.Handle]));
    }
}
