using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.SelfSupervised.Gradients;

/// <summary>
/// Gradients by autograd against central differences, element by element in float64, for any function or module: what <c>torch.autograd.gradcheck</c> is in PyTorch.
/// <c>new GradientCheck().Run(x => x.square(), point).Require()</c> throws if a derivative is wrong.
/// </summary>
/// <remarks>
/// <para>Every derivative of every element of the output is compared: that takes two evaluations for each element of the inputs and parameters, and a backward pass for each element of
/// the output. Use small tensors.</para>
/// <para>The step and the tolerances are those of PyTorch's <c>gradcheck</c> unless they are set. The error of a central difference with step h is about h²/6 times the third derivative by truncation,
/// and about 1e-16 times the value divided by h by rounding. For functions whose values and derivatives are about one, a step of 1e-5 and tolerances of 1e-7 find smaller errors than the defaults do.
/// Where a function has a kink, such as that of ReLU at zero, the two derivatives need not agree.</para>
/// <para>A function must give the same values each time. A module is left as it was: its parameters, their gradients, its buffers and its mode. To check derivatives of second order, check a function
/// that returns <c>autograd.grad([f(x)], [x], create_graph: true)[0]</c>.</para>
/// </remarks>
public sealed record GradientCheck
{
    /// <summary>Default of <see cref="Step"/>.</summary>
    public const double DefaultStep = 1e-6;

    /// <summary>Default of <see cref="AbsoluteTolerance"/>.</summary>
    public const double DefaultAbsoluteTolerance = 1e-5;

    /// <summary>Default of <see cref="RelativeTolerance"/>.</summary>
    public const double DefaultRelativeTolerance = 1e-3;

    /// <summary>By how much an element is moved up and down; positive and finite.</summary>
    public double Step { get; init; } = DefaultStep;

    /// <summary>The part of the tolerance that does not depend on the derivative; finite, zero or above.</summary>
    public double AbsoluteTolerance { get; init; } = DefaultAbsoluteTolerance;

    /// <summary>The part of the tolerance that is proportional to the derivative by differences; finite, zero or above.</summary>
    public double RelativeTolerance { get; init; } = DefaultRelativeTolerance;

    /// <summary>Checks the gradient of a function of one tensor.</summary>
    /// <param name="function">The function; its output is of any shape, float64.</param>
    /// <param name="input">Where to differentiate: float64, of any shape. It is copied.</param>
    /// <exception cref="ArgumentException">The input or the output is not float64 or has no values, the input is not finite, or the output has no gradient or is not the same twice.</exception>
    public GradientComparison Run(Func<Tensor, Tensor> function, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(function);
        using var scope = NewDisposeScope();
        (Tensor[] at, (string, Tensor)[] variables) = Variables((nameof(input), input));
        return Run(() => function(at[0]), variables);
    }

    /// <summary>Checks the gradient of a function of several tensors.</summary>
    /// <param name="function">The function; its output is of any shape, float64.</param>
    /// <param name="inputs">Where to differentiate; they are copied. Floating-point inputs must be float64; others, such as labels, are constants.</param>
    /// <exception cref="ArgumentException">An input or the output is not float64 or has no values, an input is not finite, or the output has no gradient or is not the same twice.</exception>
    public GradientComparison Run(Func<Tensor[], Tensor> function, IReadOnlyList<Tensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(inputs);
        using var scope = NewDisposeScope();
        (Tensor[] at, (string, Tensor)[] variables) = Variables([.. inputs.Select((input, i) => ($"inputs[{i}]", input))]);
        return Run(() => function(at), variables);
    }

    /// <summary>Checks the gradients of a module in its input and in all parameters that take one.</summary>
    /// <param name="module">The module; <c>module.to(ScalarType.Float64)</c> makes its parameters float64. One that draws random numbers, such as Dropout, needs its evaluation mode.</param>
    /// <param name="input">Where to differentiate; it is copied. If it is not floating-point, only the parameters are checked.</param>
    /// <exception cref="ArgumentException">The input, a parameter or the output is not float64 or has no values, one of the first two is not finite, or the output has no gradient or is not the same twice.</exception>
    public GradientComparison Run(Module<Tensor, Tensor> module, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(module);
        using var scope = NewDisposeScope();
        (Tensor[] at, (string, Tensor)[] variables) = Variables((nameof(input), input));
        return Run(module, () => module.call(at[0]), variables);
    }

    /// <summary>Checks the gradients of a module of two inputs, such as a loss, in both inputs and in all parameters that take one.</summary>
    /// <param name="module">The module; <c>module.to(ScalarType.Float64)</c> makes its parameters float64. One that draws random numbers, such as Dropout, needs its evaluation mode.</param>
    /// <param name="input1">Where to differentiate; it is copied. If it is not floating-point, it is a constant.</param>
    /// <param name="input2">Likewise.</param>
    /// <exception cref="ArgumentException">An input, a parameter or the output is not float64 or has no values, one of the first two is not finite, or the output has no gradient or is not the same twice.</exception>
    public GradientComparison Run(Module<Tensor, Tensor, Tensor> module, Tensor input1, Tensor input2)
    {
        ArgumentNullException.ThrowIfNull(module);
        using var scope = NewDisposeScope();
        (Tensor[] at, (string, Tensor)[] variables) = Variables((nameof(input1), input1), (nameof(input2), input2));
        return Run(module, () => module.call(at[0], at[1]), variables);
    }

    /// <summary>Checks the gradient of anything in any tensors that it is computed from.</summary>
    /// <param name="function">Computes an output of any shape, float64, from the variables.</param>
    /// <param name="variables">
    /// The tensors to differentiate by, each with a name: leaves that take a gradient, float64. They are moved in place, element by element, and have their own values and gradients again at the end.
    /// </param>
    /// <exception cref="ArgumentException">A variable or the output is not float64 or has no values, a variable is not finite, or the output has no gradient or is not the same twice.</exception>
    public GradientComparison Run(Func<Tensor> function, IReadOnlyList<(string Name, Tensor Tensor)> variables) => Run(function, variables, function);

    /// <summary>Checks the gradient of a function against the differences of another computation of the same values, which need not be differentiable by autograd.</summary>
    /// <param name="function">Computes an output of any shape, float64, from the variables.</param>
    /// <param name="variables">As above.</param>
    /// <param name="reference">Computes the same values, up to a constant, from the variables' present values.</param>
    /// <exception cref="ArgumentException">A variable or an output is not float64 or has no values, a variable is not finite, or the output has no gradient, another shape than the reference, or is not the same twice.</exception>
    public GradientComparison Run(Func<Tensor> function, IReadOnlyList<(string Name, Tensor Tensor)> variables, Func<Tensor> reference)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(variables);
        ArgumentNullException.ThrowIfNull(reference);
        CheckSettings();
        if (variables.All(variable => variable.Tensor is { IsInvalid: false } tensor && tensor.numel() == 0))
        {
            throw new ArgumentException("There is nothing to differentiate by; at least one element of a floating-point input or parameter is wanted.", nameof(variables));
        }
        foreach ((string name, Tensor tensor) in variables)
        {
            Arguments.CheckTensor(tensor, name);
            CheckType(tensor, name);
            if (!tensor.is_leaf || !tensor.requires_grad)
            {
                throw new ArgumentException("The tensor takes no gradient or is computed from others; a leaf with requires_grad is wanted.", name);
            }
            if (!tensor.is_contiguous() && tensor.stride().Zip(tensor.shape).Any(axis => axis.First == 0 && axis.Second > 1))
            {
                throw new ArgumentException("Elements of the tensor share memory, as expand makes them, so that none can be moved alone; clone() gives each its own.", name);
            }
            Arguments.CheckFinite(tensor, name);
        }
        using IDisposable graph = enable_grad();
        return new Jacobian(function, reference, [.. variables.Where(variable => variable.Tensor.numel() > 0)]).Compare(Step, AbsoluteTolerance, RelativeTolerance);
    }

    private GradientComparison Run(Module module, Func<Tensor> function, (string, Tensor)[] inputs)
    {
        using var scope = NewDisposeScope();
        (Tensor Buffer, Tensor Value)[] buffers = [.. module.named_buffers().Select(buffer => (buffer.buffer, buffer.buffer.clone()))];
        try
        {
            return Run(function, [.. inputs, .. from weight in module.named_parameters() where weight.parameter.requires_grad select (weight.name, (Tensor)weight.parameter)]);
        }
        finally
        {
            using var frozen = no_grad();
            foreach ((Tensor buffer, Tensor value) in buffers)
            {
                buffer.copy_(value);
            }
        }
    }

    /// <summary>Inputs as a function is to get them, copies where they are floating-point, and those copies with their names.</summary>
    private static (Tensor[] Inputs, (string, Tensor)[] Variables) Variables(params (string Name, Tensor Tensor)[] inputs)
    {
        foreach ((string name, Tensor input) in inputs)
        {
            Arguments.CheckTensor(input, name);
            if (input.is_floating_point() || input.is_complex())
            {
                CheckType(input, name);
            }
        }
        Tensor[] at = [.. inputs.Select(input => input.Tensor.is_floating_point() ? input.Tensor.detach().clone().requires_grad_() : input.Tensor)];
        return (at, [.. from pair in inputs.Zip(at) where pair.Second.is_floating_point() select (pair.First.Name, pair.Second)]);
    }

    private static void CheckType(Tensor tensor, string name)
    {
        if (tensor.dtype != ScalarType.Float64)
        {
            throw new ArgumentException(
                $"The dtype is {tensor.dtype}; float64 is wanted, because differences of less precise values are mostly rounding. to(ScalarType.Float64) converts tensors and modules.", name);
        }
    }

    private void CheckSettings()
    {
        CheckNumber(Step, nameof(Step), Step > 0, "positive");
        CheckNumber(AbsoluteTolerance, nameof(AbsoluteTolerance), AbsoluteTolerance >= 0, "zero or above");
        CheckNumber(RelativeTolerance, nameof(RelativeTolerance), RelativeTolerance >= 0, "zero or above");
    }

    private static void CheckNumber(double value, string name, bool inRange, string range)
    {
        if (!inRange || !double.IsFinite(value))
        {
            throw new ArgumentOutOfRangeException(name, FormattableString.Invariant($"{name} is {value}; a finite number, {range}, is wanted."));
        }
    }
}
