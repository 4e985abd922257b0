using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Attention in one type of products on one device, by the best kernel that libtorch and the device have for each number of columns.</summary>
/// <param name="device">Where rows are.</param>
/// <param name="products">What rows are rounded to.</param>
internal sealed class Attention(Device device, ScalarType products)
{
    // Some versions of cuDNN are wrong for lengths of sequences that are no multiple of it.
    private const int CudnnMultiple = 128;

    // Above so many numbers of a batch its two triangles are computed one after the other.
    private const long MostAtOnce = 1L << 21;

    private static readonly ConcurrentDictionary<(AttentionKernel, DeviceType, int, ScalarType), bool> s_works = new();

    /// <summary>What rows are rounded to.</summary>
    public ScalarType Products { get; } = products;

    /// <summary>Of what the number of columns is a multiple. GPUs read sixteen bytes at a time.</summary>
    public int Columns { get; init; } = device.type == DeviceType.CPU ? 1 : 8;

    /// <summary>Of what the lengths of sequences are a multiple where the kernel does not care.</summary>
    public int Multiple { get; init; } = 1;

    /// <summary>Whether there is a kernel for rows of so many columns.</summary>
    public bool Serves(long columns) => Find(columns) is not null;

    /// <summary>See <see cref="AttentionUnit.Others"/>.</summary>
    public (Tensor Mean, Tensor LogSums) Others(Tensor rows, Tensor root, Tensor? logits, Tensor? signs)
    {
        (AttentionUnit unit, AttentionShape shape) = For(rows, logits is not null);
        return unit.Others(rows, root, logits, signs, shape);
    }

    /// <summary>See <see cref="AttentionUnit.Centers"/>.</summary>
    public (Tensor Mean, Tensor LogSums) Centers(Tensor rows, Tensor centers, Tensor kappa, Tensor? logits, Tensor? signs)
    {
        (AttentionUnit unit, AttentionShape shape) = For(centers, logits is not null || MayBeFilledUp(centers.shape[0]));
        return unit.Centers(rows, centers, kappa, logits, signs, shape);
    }

    /// <summary>See <see cref="AttentionUnit.Loss"/>.</summary>
    public Tensor[] Loss(Tensor projections, Tensor? further, AttentionLossNumbers numbers, AttentionLossCall call)
    {
        (AttentionUnit unit, AttentionShape shape) = For(projections, call.HasLogits || MayBeFilledUp(further?.shape[0] ?? 0));
        return unit.Loss(projections, further, numbers, call, shape);
    }

    /// <summary>The kernels for products of a type and so many columns, the best first.</summary>
    public static IReadOnlyList<AttentionKernel> KernelsFor(DeviceType device, ScalarType products, long columns) => device switch
    {
        DeviceType.CPU => [AttentionKernel.Processor],
        DeviceType.CUDA when products == ScalarType.Float32 => [AttentionKernel.Efficient],
        DeviceType.CUDA when products is ScalarType.Float16 or ScalarType.BFloat16 => columns switch
        {
            <= 128 => [AttentionKernel.Cudnn, AttentionKernel.Flash, AttentionKernel.Efficient],
            <= 256 => [AttentionKernel.Flash, AttentionKernel.Efficient],
            _ => [AttentionKernel.Efficient],
        },
        _ => [],
    };

    /// <summary>Whether others may fill up so many centres. They have a logit.</summary>
    private static bool MayBeFilledUp(long centers) => centers % CudnnMultiple != 0;

    private (AttentionUnit Unit, AttentionShape Shape) For(Tensor keys, bool haveLogits)
    {
        AttentionKernel kernel = Find(keys.shape[^1] + (haveLogits ? 2 : 0)) ?? throw new InvalidOperationException("There is no attention kernel here; Serves tells it.");
        int multiple = kernel == AttentionKernel.Cudnn ? CudnnMultiple : Multiple;
        return (AttentionUnit.Of(kernel)!, new AttentionShape(Products, Columns, multiple, Apart: keys.numel() > MostAtOnce));
    }

    private AttentionKernel? Find(long columns)
    {
        foreach (AttentionKernel kernel in KernelsFor(device.type, Products, (columns + Columns - 1) / Columns * Columns))
        {
            if (s_works.GetOrAdd((kernel, device.type, device.index, Products), _ => Works(kernel)))
            {
                return kernel;
            }
        }
        return null;
    }

    /// <summary>Whether libtorch has the kernel, and it runs on the device, which old GPUs refuse.</summary>
    private bool Works(AttentionKernel kernel)
    {
        if (AttentionUnit.Of(kernel) is not { } unit)
        {
            return false;
        }
        if (device.type == DeviceType.CPU)
        {
            return true;
        }
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        try
        {
            Tensor rows = zeros(3, 8, dtype: ScalarType.Float32, device: device);
            unit.Others(rows, ones([], dtype: ScalarType.Float32, device: CPU), null, null, new AttentionShape(Products, 8, CudnnMultiple, Apart: false));
            return true;
        }
        catch (ExternalException)
        {
            return false;
        }
    }
}
