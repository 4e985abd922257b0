using System.Text.Json;
using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training.Distributed;

namespace ErLoss.Training.Checkpoints;

/// <summary>Gives all ranks the state that rank 0 has read, so that the others need not see its folder.</summary>
internal static class StateBroadcast
{
    /// <summary>The state of rank 0 on every rank; null if it has none.</summary>
    /// <param name="group">The ranks; null if there is one process.</param>
    /// <param name="ofRankZero">The state. It is looked at on rank 0 alone.</param>
    public static TrainingState? From(ProcessGroup? group, TrainingState? ofRankZero)
    {
        if (group is null)
        {
            return ofRankZero;
        }
        TrainingState? own = group.Rank == 0 ? ofRankZero : null;
        string? text = group.BroadcastText(own is not null
            ? JsonSerializer.Serialize(new Header(own.Settings, own.DataFingerprint, own.Position, Names(own.Method), Names(own.Optimizer)), StateFile.Json)
            : null);
        if (text is null)
        {
            return null;
        }
        Header header = JsonSerializer.Deserialize<Header>(text, StateFile.Json)!;
        return new TrainingState(header.Settings, header.DataFingerprint, header.Position, Tensors(header.Method, own?.Method), Tensors(header.Optimizer, own?.Optimizer));

        static Entry[] Names(IReadOnlyDictionary<string, SafeTensor> tensors) => [.. tensors.Select(tensor => new Entry(tensor.Key, tensor.Value.DType, tensor.Value.Shape))];

        Dictionary<string, SafeTensor> Tensors(Entry[] entries, IReadOnlyDictionary<string, SafeTensor>? ofRank) =>
            entries.ToDictionary(entry => entry.Name, entry => new SafeTensor(entry.DType, entry.Shape, group.BroadcastBytes(ofRank?[entry.Name].Data)!));
    }

    private sealed record Entry(string Name, string DType, long[] Shape);

    private sealed record Header(string Settings, string DataFingerprint, RunPosition Position, Entry[] Method, Entry[] Optimizer);
}
