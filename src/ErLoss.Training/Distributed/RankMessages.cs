using System.Text;
using ErLoss.Modules.Distributed;
using static TorchSharp.torch;

namespace ErLoss.Training.Distributed;

/// <summary>Bytes, texts and answers, exchanged between ranks. Every rank must call the same of these in the same order.</summary>
internal static class RankMessages
{
    /// <summary>The text of each rank, in the order of the ranks.</summary>
    public static string[] GatherTexts(this ProcessGroup group, string own)
    {
        using var scope = NewDisposeScope();
        byte[] bytes = Encoding.UTF8.GetBytes(own);
        long[] lengths = group.GatherNumbers(bytes.Length);
        byte[] all = BytesOf(group.AllGather(TensorOf(bytes)));
        var texts = new string[group.Size];
        int start = 0;
        for (int rank = 0; rank < texts.Length; rank++)
        {
            texts[rank] = Encoding.UTF8.GetString(all, start, (int)lengths[rank]);
            start += (int)lengths[rank];
        }
        return texts;
    }

    /// <summary>The number of each rank, in the order of the ranks.</summary>
    public static long[] GatherNumbers(this ProcessGroup group, long own)
    {
        using var scope = NewDisposeScope();
        return group.AllGather(tensor([own], dtype: ScalarType.Int64, device: CPU)).data<long>().ToArray();
    }

    /// <summary>Whether any rank says so.</summary>
    public static bool Any(this ProcessGroup group, bool own)
    {
        using var scope = NewDisposeScope();
        Tensor answer = tensor([own ? 1L : 0L], dtype: ScalarType.Int64, device: CPU);
        group.AllReduce(answer, ReduceOp.Max);
        return answer.item<long>() != 0;
    }

    /// <summary>The bytes that rank 0 has; null if it has none.</summary>
    /// <param name="group">The ranks.</param>
    /// <param name="ofRankZero">They are read on rank 0 alone.</param>
    public static byte[]? BroadcastBytes(this ProcessGroup group, byte[]? ofRankZero)
    {
        using var scope = NewDisposeScope();
        Tensor length = tensor([ofRankZero?.LongLength ?? -1], dtype: ScalarType.Int64, device: CPU);
        group.Broadcast(length);
        if (length.item<long>() is var count && count < 0)
        {
            return null;
        }
        Tensor bytes = group.Rank == 0 ? TensorOf(ofRankZero!) : empty(count, dtype: ScalarType.Byte, device: CPU);
        group.Broadcast(bytes);
        return group.Rank == 0 ? ofRankZero : BytesOf(bytes);
    }

    /// <summary>The text that rank 0 has; null if it has none.</summary>
    /// <inheritdoc cref="BroadcastBytes" path="/param"/>
    public static string? BroadcastText(this ProcessGroup group, string? ofRankZero) =>
        group.BroadcastBytes(ofRankZero is null ? null : Encoding.UTF8.GetBytes(ofRankZero)) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    private static Tensor TensorOf(byte[] bytes) => bytes.Length == 0 ? empty(0, dtype: ScalarType.Byte, device: CPU) : tensor(bytes, device: CPU);

    private static byte[] BytesOf(Tensor tensor) => tensor.numel() == 0 ? [] : tensor.bytes.ToArray();
}
