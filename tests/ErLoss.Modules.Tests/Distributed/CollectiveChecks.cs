using ErLoss.Modules.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests.Distributed;

/// <summary>What a rank finds wrong with the collectives of its group; nothing where all are right.</summary>
internal static class CollectiveChecks
{
    private static readonly ScalarType[] s_types = [ScalarType.Float32, ScalarType.Float64, ScalarType.Int64, ScalarType.Byte];

    public static string Run(ProcessGroup group, Device? device = null)
    {
        device ??= CPU;
        using var scope = NewDisposeScope();
        var wrong = new List<string>();
        (int rank, int size) = (group.Rank, group.Size);
        foreach (ScalarType dtype in s_types)
        {
            // Rank r has r rows of the number r + 1; rank 0 has none.
            Tensor rows = full(rank, 2, rank + 1, dtype: dtype, device: device);
            Expect($"the rows of {dtype}", group.AllGather(rows), cat([.. Enumerable.Range(0, size).Select(r => full(r, 2, r + 1, dtype: dtype))]));

            Tensor numbers = arange(5, device: device).to(dtype) + (rank + 1);
            Expect($"the sum of {dtype}", Reduced(numbers, ReduceOp.Sum), (arange(5) * size + size * (size + 1) / 2).to(dtype));
            Expect($"the largest of {dtype}", Reduced(numbers, ReduceOp.Max), (arange(5) + size).to(dtype));
            Expect($"the smallest of {dtype}", Reduced(numbers, ReduceOp.Min), (arange(5) + 1).to(dtype));

            Tensor given = full(3, rank, dtype: dtype, device: device);
            group.Broadcast(given, size - 1);
            Expect($"the root's {dtype}", given, full(3, size - 1, dtype: dtype));
        }
        // Memory that is not contiguous, and a part of a larger tensor.
        Tensor matrix = zeros(4, 6, device: device), part = matrix[1..3, 1..5].t();
        part.fill_(rank + 1);
        group.AllReduce(part);
        Expect("what is around a part", matrix.sum(), tensor((float)(8 * size * (size + 1) / 2)));
        Expect("a transposed part", part, full(4, 2, size * (size + 1) / 2).to(ScalarType.Float32));
        Expect("rows of a transposed part", group.AllGather(part), full(4L * size, 2, size * (size + 1) / 2).to(ScalarType.Float32));
        Expect("booleans", group.AllGather(tensor([rank == 0])), tensor([.. Enumerable.Range(0, size).Select(r => r == 0)]));
        Expect("bfloat16", group.AllGather(full(1, 2, 1.5 + rank, ScalarType.BFloat16, device)), cat([.. Enumerable.Range(0, size).Select(r => full(1, 2, 1.5 + r, ScalarType.BFloat16))]));
        group.AllReduce(empty(0, device: device));
        group.Barrier();
        return string.Join("; ", wrong);

        Tensor Reduced(Tensor numbers, ReduceOp operation)
        {
            Tensor reduced = numbers.clone();
            group.AllReduce(reduced, operation);
            return reduced;
        }

        void Expect(string what, Tensor actual, Tensor expected)
        {
            actual = actual.cpu();
            if (actual.dtype != expected.dtype || !actual.shape.SequenceEqual(expected.shape) || actual.ne(expected).any().item<bool>())
            {
                wrong.Add($"{what} on rank {rank}: {string.Join(" ", actual.to(ScalarType.Float64).contiguous().data<double>().ToArray())}");
            }
        }
    }
}
