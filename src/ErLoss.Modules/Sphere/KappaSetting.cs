using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>A κ of a loss: a number that may be set anew each step, or a parameter of its module, the logarithm of κ, that is learnt within limits.</summary>
internal sealed class KappaSetting
{
    private readonly EntropyReconstructionLoss _module;
    private readonly string? _parameter;
    private readonly double _least, _most;
    private readonly Scalar? _logLeast, _logMost; // kept, as a number's conversion may be freed before native code reads it
    private double _value;

    /// <summary>A number.</summary>
    /// <param name="module">The loss.</param>
    /// <param name="value">κ.</param>
    public KappaSetting(EntropyReconstructionLoss module, double value)
    {
        _module = module;
        _value = value;
    }

    /// <summary>A parameter, which is registered here.</summary>
    /// <param name="module">The loss.</param>
    /// <param name="start">κ at the start.</param>
    /// <param name="parameter">The parameter's name.</param>
    /// <param name="least">The least value, if any.</param>
    /// <param name="most">The largest value, if any.</param>
    public KappaSetting(EntropyReconstructionLoss module, double start, string parameter, double? least, double? most)
    {
        (_module, _parameter) = (module, parameter);
        (_least, _most) = (least ?? 0, most ?? double.PositiveInfinity);
        (_logLeast, _logMost) = (least is double low ? Math.Log(low) : null, most is double high ? Math.Log(high) : null);
        // As the parameters of TorchSharp's own modules, it outlives a dispose scope that the module is made in.
        var logarithm = new Parameter(tensor([Math.Log(start)], ScalarType.Float64));
        logarithm.DetachFromDisposeScope();
        module.register_parameter(parameter, logarithm);
    }

    /// <summary>Whether it is a parameter.</summary>
    public bool IsLearnt => _parameter is not null;

    /// <summary>The present value. Of a parameter it is that of the next step, within the limits.</summary>
    public double Value => IsLearnt ? Math.Clamp(Math.Exp(Logarithm.item<double>()), _least, _most) : _value;

    /// <summary>The parameter; only where κ is learnt.</summary>
    private Parameter Logarithm => _module.get_parameter(_parameter!)!; // moving the module can replace it

    /// <summary>Sets a κ that is a number.</summary>
    /// <param name="value">Checked here.</param>
    public void Set(double value)
    {
        if (IsLearnt)
        {
            throw new InvalidOperationException($"κ is learnt as the parameter {_parameter}, so that it cannot be set; make the loss with a κ that is not learnt.");
        }
        Arguments.CheckKappa(value);
        _value = value;
    }

    /// <summary>Checks that projections are where a learnt κ is.</summary>
    public void CheckDevice(Tensor projection, string name)
    {
        if (IsLearnt)
        {
            Arguments.CheckDevice(projection, Logarithm, _parameter, name);
        }
    }

    /// <summary>
    /// κ for one step. A parameter beyond its limits is put back first, in place and outside the graph: its gradient, which a limit within the graph would make
    /// zero, can then lead it away from the limit.
    /// </summary>
    public Concentration Read()
    {
        if (!IsLearnt)
        {
            return new Concentration(_value);
        }
        Parameter logarithm = Logarithm;
        if (_logLeast is not null || _logMost is not null)
        {
            logarithm.detach().clamp_(_logLeast, _logMost);
        }
        return new Concentration(logarithm.exp().view([]), _parameter!);
    }
}
