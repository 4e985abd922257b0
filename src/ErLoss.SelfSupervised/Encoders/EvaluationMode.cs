using static TorchSharp.torch.nn;

namespace ErLoss.SelfSupervised.Encoders;

/// <summary>
/// Keeps a module in evaluation mode until this is disposed. The module and each module in it then return to the mode that they had: a part that stays in evaluation mode while its network
/// trains, such as frozen batch normalisation, must not start to train because the network was evaluated.
/// </summary>
internal sealed class EvaluationMode : IDisposable
{
    private readonly (Module Module, bool Trains)[] _before;

    /// <summary>Puts the module into evaluation mode.</summary>
    public EvaluationMode(Module module)
    {
        _before = [(module, module.training), .. module.modules().Select(part => (part, part.training))];
        module.eval();
    }

    /// <summary>Returns each module to its mode.</summary>
    public void Dispose()
    {
        foreach ((Module module, bool trains) in _before)
        {
            module.train(trains); // a module comes before its parts, whose mode this sets too
        }
    }
}
