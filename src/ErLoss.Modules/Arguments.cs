using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Checks of what callers pass. They run before any computation: several native calls end the process on a wrong shape.</summary>
internal static class Arguments
{
    // Products of a weight, κ and the number of rows stay within the range of float32, so that no setting gives NaN.
    private const double LargestSetting = 1e15;

    /// <summary>The most rows of a batch or of centres, 2^30: places of tiles are 32-bit numbers, and the one after the last must be one too.</summary>
    public const long MostRows = 1 << 30;

    /// <summary>A (k, d) floating-point tensor that the support can hold.</summary>
    public static void CheckEmbeddings(Tensor embeddings, Support support, [CallerArgumentExpression(nameof(embeddings))] string? name = null, bool mayBeEmpty = false)
    {
        CheckDense(embeddings, name);
        if (embeddings.dim() != 2)
        {
            throw new ArgumentException($"The shape is {ShapeOf(embeddings)}; (k, d) is wanted, one row an example.", name);
        }
        if (embeddings.dtype is not (ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64))
        {
            throw new ArgumentException($"The dtype is {embeddings.dtype}; float16, bfloat16, float32 or float64 is wanted.", name);
        }
        if (embeddings.shape[0] == 0 && !mayBeEmpty)
        {
            throw new ArgumentException($"The shape is {ShapeOf(embeddings)}; at least one row is wanted.", name);
        }
        CheckRowCount(embeddings, name);
        int leastDimension = support == Support.Sphere ? 2 : 1;
        if (embeddings.shape[1] < leastDimension)
        {
            throw new ArgumentException(
                $"The shape is {ShapeOf(embeddings)}; d ≥ {leastDimension} is wanted on the support {support}.", name);
        }
        if (embeddings.shape[1] > int.MaxValue)
        {
            throw new ArgumentException($"The shape is {ShapeOf(embeddings)}; d ≤ {int.MaxValue} is wanted.", name);
        }
    }

    /// <summary>At most <see cref="MostRows"/> rows.</summary>
    public static void CheckRowCount(Tensor rows, string? name)
    {
        if (rows.shape[0] > MostRows)
        {
            throw new ArgumentException($"The shape is {ShapeOf(rows)}; at most {MostRows} rows are wanted.", name);
        }
    }

    /// <summary>A dense tensor that is not disposed.</summary>
    public static void CheckDense(Tensor tensor, [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        if (tensor.IsInvalid)
        {
            throw new ArgumentException("The tensor is disposed; a live one is wanted.", name);
        }
        if (tensor.is_sparse)
        {
            throw new ArgumentException("The tensor is sparse; a dense one is wanted.", name);
        }
    }

    /// <summary>Two tensors as <see cref="CheckEmbeddings"/> wants them, alike in shape, dtype and device.</summary>
    public static void CheckPair(
        Tensor first,
        Tensor second,
        Support support,
        [CallerArgumentExpression(nameof(first))] string? firstName = null,
        [CallerArgumentExpression(nameof(second))] string? secondName = null,
        bool mayBeEmpty = false)
    {
        CheckEmbeddings(first, support, firstName, mayBeEmpty);
        CheckEmbeddings(second, support, secondName, mayBeEmpty);
        if (!first.shape.AsSpan().SequenceEqual(second.shape))
        {
            throw new ArgumentException($"The shape is {ShapeOf(second)}; that of {firstName}, {ShapeOf(first)}, is wanted.", secondName);
        }
        if (first.dtype != second.dtype)
        {
            throw new ArgumentException($"The dtype is {second.dtype}; that of {firstName}, {first.dtype}, is wanted.", secondName);
        }
        CheckDevice(second, first, firstName, secondName);
    }

    /// <summary>
    /// (k) class numbers for a batch of (k, d) embeddings, of which those of rows that do not count may be anything. On the CPU they are read, which costs little there; elsewhere the
    /// host would wait.
    /// </summary>
    public static void CheckClassNumbers(Tensor numbers, Tensor embeddings, ProjectedViews views, string embeddingsName, string name)
    {
        (long rows, long classes) = (embeddings.shape[0], embeddings.shape[1]);
        if (numbers.dim() != 1 || numbers.shape[0] != rows)
        {
            throw new ArgumentException($"The shape is {ShapeOf(numbers)}; ({rows}) is wanted, a class number for each row.", name);
        }
        CheckDevice(numbers, embeddings, embeddingsName, name);
        if (numbers.device_type != DeviceType.CPU || rows == 0)
        {
            return;
        }
        using var scope = NewDisposeScope();
        Tensor counted = RowWeights.Of(views.Weights, views.Mask)?.Fill(numbers) ?? numbers;
        (long least, long most) = (counted.min().item<long>(), counted.max().item<long>());
        if (least < 0 || most >= classes)
        {
            throw new ArgumentException($"The class numbers are from {least} to {most}; from 0 to {classes - 1} is wanted.", name);
        }
    }

    /// <summary>
    /// Probabilities where logits would be a likely mistake: none is negative, of those that count. On the CPU they are read, which costs little there; elsewhere the host would
    /// wait.
    /// </summary>
    public static void CheckProbabilities(Tensor probabilities, RowWeights? weights, string name)
    {
        if (probabilities.device_type != DeviceType.CPU || probabilities.numel() == 0)
        {
            return;
        }
        using var scope = NewDisposeScope();
        Tensor values = probabilities.detach(), counted = weights?.Fill(values) ?? values;
        if (counted.lt(0).any().item<bool>())
        {
            throw new ArgumentException("A number is negative; probabilities are wanted. Of logits take the softmax first.", name);
        }
    }

    /// <summary>A tensor on the device that another is on.</summary>
    public static void CheckDevice(
        Tensor tensor, Tensor other, string? otherName, [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        if (tensor.device_type != other.device_type || tensor.device_index != other.device_index)
        {
            throw new ArgumentException($"The device is {tensor.device}; that of {otherName}, {other.device}, is wanted.", name);
        }
    }

    /// <summary>Enough rows for a density estimate: two where each is left out of its own.</summary>
    public static void CheckLeaveOneOut(
        Tensor embeddings, Support support, bool leaveOneOut, [CallerArgumentExpression(nameof(embeddings))] string? name = null)
    {
        if (leaveOneOut && support == Support.Sphere && embeddings.shape[0] == 1)
        {
            throw new ArgumentException("The tensor has one row (k = 1); leave-one-out wants at least two, or further centres.", name);
        }
    }

    public static void CheckKappa(double kappa, [CallerArgumentExpression(nameof(kappa))] string? name = null)
    {
        if (!IsKappa(kappa))
        {
            throw new ArgumentOutOfRangeException(name, $"κ is {kappa}; a positive, finite number of at most {LargestSetting} is wanted.");
        }
    }

    /// <summary>κ as training has made it; <paramref name="name"/> is its parameter's.</summary>
    public static void CheckLearntKappa(double kappa, string name)
    {
        // It is the exponential of its logarithm, whose rounding can put it above the largest value by some parts in 1e14.
        if (!IsKappa(kappa / (1 + 1e-12)))
        {
            throw new ArgumentOutOfRangeException(
                name,
                $"The learnt κ has become {kappa}; it must stay a positive number of at most {LargestSetting}. A smaller learning rate of κ usually cures this.");
        }
    }

    public static void CheckWeight(double weight, [CallerArgumentExpression(nameof(weight))] string? name = null)
    {
        if (!(weight is >= 0 and <= LargestSetting))
        {
            throw new ArgumentOutOfRangeException(name, $"The weight is {weight}; a finite number, zero or above and at most {LargestSetting}, is wanted.");
        }
    }

    public static void CheckEnum<T>(T value, [CallerArgumentExpression(nameof(value))] string? name = null)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw new ArgumentOutOfRangeException(
                name, $"{value} is no {typeof(T).Name}; one of {string.Join(", ", Enum.GetNames<T>())} is wanted.");
        }
    }

    private static bool IsKappa(double kappa) => kappa is > 0 and <= LargestSetting;

    public static string ShapeOf(Tensor tensor) => $"({string.Join(", ", tensor.shape)})";
}
