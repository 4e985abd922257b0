using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised;

/// <summary>Checks of the tensors that callers pass. They run before any computation: several native calls end the process on a wrong shape.</summary>
internal static class Arguments
{
    /// <summary>A tensor that was not disposed.</summary>
    public static void CheckLive(Tensor tensor, [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        if (tensor.IsInvalid)
        {
            throw new ArgumentException("The tensor is disposed; a live one is wanted.", name);
        }
    }

    /// <summary>A live, dense tensor that has values.</summary>
    public static void CheckTensor(Tensor tensor, [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        CheckLive(tensor, name);
        if (tensor.is_sparse)
        {
            throw new ArgumentException("The tensor is sparse; a dense one is wanted.", name);
        }
        if (tensor.device_type == DeviceType.META)
        {
            throw new ArgumentException("The tensor is on the device meta and has no values; one with values is wanted.", name);
        }
    }

    /// <summary>A floating-point matrix with at least one row and one column.</summary>
    public static void CheckRows(Tensor rows, [CallerArgumentExpression(nameof(rows))] string? name = null)
    {
        CheckTensor(rows, name);
        if (rows.dim() != 2 || rows.shape[0] == 0 || rows.shape[1] == 0)
        {
            throw new ArgumentException($"The shape is {ShapeOf(rows)}; (n, d) is wanted, with at least one row and one column.", name);
        }
        if (!rows.is_floating_point())
        {
            throw new ArgumentException($"The dtype is {rows.dtype}; a floating-point type is wanted.", name);
        }
    }

    /// <summary>Images or feature maps, (k, <paramref name="channels"/>, h, w), of a floating-point type.</summary>
    public static void CheckMaps(Tensor maps, long channels, [CallerArgumentExpression(nameof(maps))] string? name = null)
    {
        CheckLive(maps, name);
        if (maps.dim() != 4 || maps.shape[1] != channels)
        {
            throw new ArgumentException($"The shape is {ShapeOf(maps)}; (k, {channels}, h, w) is wanted.", name);
        }
        if (!maps.is_floating_point())
        {
            throw new ArgumentException($"The dtype is {maps.dtype}; a floating-point type is wanted.", name);
        }
    }

    /// <summary>Rows as wide as others, of their type and on their device.</summary>
    public static void CheckAlike(
        Tensor rows,
        Tensor others,
        [CallerArgumentExpression(nameof(rows))] string? name = null,
        [CallerArgumentExpression(nameof(others))] string? otherName = null)
    {
        if (rows.shape[1] != others.shape[1])
        {
            throw new ArgumentException($"The shape is {ShapeOf(rows)}; as many columns as those of {otherName}, {others.shape[1]}, are wanted.", name);
        }
        if (rows.dtype != others.dtype)
        {
            throw new ArgumentException($"The dtype is {rows.dtype}; that of {otherName}, {others.dtype}, is wanted.", name);
        }
        CheckDevice(rows, others, name, otherName);
    }

    /// <summary>A label for each row, int64, on the device of the rows, from 0 to <paramref name="classCount"/> − 1.</summary>
    public static void CheckLabels(
        Tensor labels,
        Tensor rows,
        int classCount,
        [CallerArgumentExpression(nameof(labels))] string? name = null,
        [CallerArgumentExpression(nameof(rows))] string? rowsName = null)
    {
        CheckTensor(labels, name);
        if (labels.dim() != 1 || labels.shape[0] != rows.shape[0])
        {
            throw new ArgumentException($"The shape is {ShapeOf(labels)}; ({rows.shape[0]}) is wanted, one label for each row of {rowsName}.", name);
        }
        if (labels.dtype != ScalarType.Int64)
        {
            throw new ArgumentException($"The dtype is {labels.dtype}; int64 is wanted.", name);
        }
        CheckDevice(labels, rows, name, rowsName);
        using Tensor least = labels.min(), most = labels.max();
        if (least.item<long>() < 0 || most.item<long>() >= classCount)
        {
            throw new ArgumentException($"The labels go from {least.item<long>()} to {most.item<long>()}; 0 to {classCount - 1} is wanted for {classCount} classes.", name);
        }
    }

    /// <summary>Rows without NaN and infinity. On a GPU this waits.</summary>
    public static void CheckFinite(Tensor rows, [CallerArgumentExpression(nameof(rows))] string? name = null)
    {
        using var scope = NewDisposeScope();
        if (!rows.isfinite().all().item<bool>())
        {
            throw new ArgumentException("Not all values are finite numbers; finite ones are wanted.", name);
        }
    }

    /// <summary>A number from 0 to 1.</summary>
    public static void CheckFraction(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (value is not (>= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(name, FormattableString.Invariant($"The value is {value}; a number from 0 to 1 is wanted."));
        }
    }

    /// <summary>A member of an enumeration.</summary>
    public static void CheckEnum<T>(T value, [CallerArgumentExpression(nameof(value))] string? name = null)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw new ArgumentOutOfRangeException(name, $"{value} is no {typeof(T).Name}; one of {string.Join(", ", Enum.GetNames<T>())} is wanted.");
        }
    }

    public static void CheckDevice(Tensor tensor, Tensor other, string? name, string? otherName)
    {
        if (tensor.device_type != other.device_type || tensor.device_index != other.device_index)
        {
            throw new ArgumentException($"The device is {tensor.device}; that of {otherName}, {other.device}, is wanted.", name);
        }
    }

    public static string ShapeOf(Tensor tensor) => Format(tensor.shape);

    /// <summary>Sizes or an index, as in "(4, 3)".</summary>
    public static string Format(IEnumerable<long> numbers) => $"({string.Join(", ", numbers)})";
}
