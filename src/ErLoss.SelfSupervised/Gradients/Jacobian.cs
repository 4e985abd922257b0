using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Gradients;

/// <summary>All derivatives of a function's output, by autograd and by central differences.</summary>
/// <param name="function">What autograd differentiates.</param>
/// <param name="reference">What differences are taken of.</param>
/// <param name="variables">Leaves in float64.</param>
internal sealed class Jacobian(Func<Tensor> function, Func<Tensor> reference, IReadOnlyList<(string Name, Tensor Tensor)> variables)
{
    /// <summary>How far two evaluations at one point may be apart, relative to the largest value: on a GPU the order of sums may change.</summary>
    private const double Repeatability = 1e-12;

    // What a message calls the reference: one function may serve as both.
    private readonly string _referenceName = ReferenceEquals(function, reference) ? nameof(function) : nameof(reference);

    /// <summary>Computes all derivatives in both ways and compares them.</summary>
    public GradientComparison Compare(double step, double absoluteTolerance, double relativeTolerance)
    {
        (long[] shape, double[][,] byAutograd) = ByAutograd();
        CheckRepeats(shape);
        var errors = new List<GradientError>();
        long count = 0;
        double largestDerivative = 0, largestDifference = 0;
        foreach (((string name, Tensor tensor), double[,] rows) in variables.Zip(byAutograd))
        {
            foreach ((int element, double[] column) in Differences(tensor, step))
            {
                for (int output = 0; output < column.Length; output++)
                {
                    (double one, double other) = (rows[output, element], column[output]);
                    double difference = Math.Abs(one - other), allowed = absoluteTolerance + relativeTolerance * Math.Abs(other);
                    if (!(difference <= allowed)) // nor do they agree where one is not a number
                    {
                        errors.Add(new GradientError(name, Index(element, tensor.shape), Index(output, shape), one, other, allowed));
                    }
                    largestDerivative = Math.Max(largestDerivative, Math.Abs(other));
                    largestDifference = Math.Max(largestDifference, difference);
                    count++;
                }
            }
        }
        return new GradientComparison(errors, count, largestDerivative, largestDifference);
    }

    /// <summary>The output's shape, and for each variable its derivatives, a row for each element of the output.</summary>
    private (long[] Shape, double[][,] Rows) ByAutograd()
    {
        using var scope = NewDisposeScope();
        Tensor[] leaves = [.. variables.Select(variable => variable.Tensor)];
        Tensor?[] before = [.. leaves.Select(leaf => leaf.grad)];
        try
        {
            Tensor output = Output(function, nameof(function));
            if (!output.requires_grad)
            {
                throw new ArgumentException(
                    "The output has no gradient. It must be computed from the inputs or parameters by differentiable operators, without no_grad, detach or values that are read back.", nameof(function));
            }
            Tensor flat = output.reshape(-1);
            double[][,] rows = [.. leaves.Select(leaf => new double[flat.shape[0], leaf.numel()])];
            for (int i = 0; i < flat.shape[0]; i++)
            {
                using var pass = NewDisposeScope();
                foreach (Tensor leaf in leaves)
                {
                    leaf.grad = null;
                }
                autograd.backward([flat[i]], retain_graph: true, inputs: leaves); // not autograd.grad, in which an error ends the process
                foreach ((Tensor leaf, double[,] row) in leaves.Zip(rows))
                {
                    if (leaf.grad is { } gradient) // null where the output does not depend on the leaf
                    {
                        double[] values = Values(gradient.is_sparse ? gradient.to_dense() : gradient);
                        Buffer.BlockCopy(values, 0, row, i * values.Length * sizeof(double), values.Length * sizeof(double));
                    }
                }
            }
            return (output.shape, rows);
        }
        finally
        {
            foreach ((Tensor leaf, Tensor? gradient) in leaves.Zip(before))
            {
                leaf.grad = gradient;
            }
        }
    }

    /// <summary>For each element of a variable the derivatives of all elements of the output.</summary>
    private IEnumerable<(int Element, double[] Column)> Differences(Tensor variable, double step)
    {
        double[] start = Values(variable);
        try
        {
            for (int element = 0; element < start.Length; element++)
            {
                double up = start[element] + step, down = start[element] - step; // rounded, and so is what is divided by
                if (!(up - down > 0))
                {
                    throw new ArgumentException(
                        FormattableString.Invariant($"The step {step} is too small for the value {start[element]}, which it does not change; a larger step is wanted."), nameof(step));
                }
                double[] above = At(element, up), below = At(element, down);
                yield return (element, [.. above.Zip(below, (high, low) => (high - low) / (up - down))]);
            }
        }
        finally
        {
            Move(start);
        }

        double[] At(int element, double value)
        {
            double[] moved = [.. start];
            moved[element] = value;
            Move(moved);
            return Evaluate().Values;
        }

        void Move(double[] values)
        {
            using var scope = NewDisposeScope();
            using var frozen = no_grad();
            variable.copy_(tensor(values, variable.shape, device: variable.device));
        }
    }

    private void CheckRepeats(long[] shape)
    {
        (double[] first, long[] shapeOfReference) = Evaluate();
        if (!shapeOfReference.AsSpan().SequenceEqual(shape))
        {
            throw new ArgumentException(
                $"The reference has the shape {Arguments.Format(shapeOfReference)} and the function {Arguments.Format(shape)}; the same one is wanted.", _referenceName);
        }
        double scale = Math.Max(1, first.Max(Math.Abs));
        if (first.Zip(Evaluate().Values).Any(pair => Math.Abs(pair.First - pair.Second) > Repeatability * scale))
        {
            throw new ArgumentException(
                "The function gives other values when it is called again, so that differences mean nothing. Put modules with random numbers in evaluation mode, or draw the numbers beforehand.",
                _referenceName);
        }
    }

    private (double[] Values, long[] Shape) Evaluate()
    {
        using var scope = NewDisposeScope();
        Tensor output = Output(reference, _referenceName);
        return (Values(output), output.shape);
    }

    private static Tensor Output(Func<Tensor> compute, string name)
    {
        Tensor output = compute();
        Arguments.CheckTensor(output, name);
        if (output.dtype != ScalarType.Float64)
        {
            throw new ArgumentException($"The output is {output.dtype}; float64 is wanted, so something computes with another type.", name);
        }
        if (output.numel() == 0)
        {
            throw new ArgumentException($"The output has the shape {Arguments.ShapeOf(output)}; at least one element is wanted.", name);
        }
        return output;
    }

    /// <summary>In the order of indices, whatever the order of memory.</summary>
    private static double[] Values(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().cpu().contiguous().data<double>().ToArray();
    }

    private static long[] Index(long position, long[] shape)
    {
        var index = new long[shape.Length];
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            index[axis] = position % shape[axis];
            position /= shape[axis];
        }
        return index;
    }
}
