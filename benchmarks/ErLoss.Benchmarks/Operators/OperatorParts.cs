using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>A trace that is divided into parts by marks. A mark is an operator that nothing else dispatches.</summary>
internal static class OperatorParts
{
    private const string MarkName = "aten::hann_window";

    /// <summary>Begins the next part.</summary>
    public static void Mark() => hann_window(1).Dispose();

    /// <summary>The parts, in their order; one more than there are marks. What a mark dispatches itself is left out.</summary>
    public static IReadOnlyList<IReadOnlyList<Operator>> Split(IReadOnlyList<Operator> calls)
    {
        var all = calls.ToDictionary(call => call.Id);
        List<List<Operator>> parts = [[]];
        foreach (Operator call in calls)
        {
            if (call.Name == MarkName)
            {
                parts.Add([]);
            }
            else if (!call.Callers(all).Any(caller => caller.Name == MarkName))
            {
                parts[^1].Add(call);
            }
        }
        return parts;
    }
}
