namespace ErLoss.Benchmarks;

/// <summary>The operators of one part of a training step.</summary>
/// <param name="Name">Of the part.</param>
/// <param name="Operators">All, those that others dispatched included.</param>
/// <param name="AtTop">Those that no other operator dispatched.</param>
/// <param name="Launching">Those that take at least one launch of a kernel on a GPU: what computes elements, where nothing beneath it does.</param>
internal sealed record OperatorPhase(string Name, IReadOnlyList<Operator> Operators, int AtTop, IReadOnlyList<Operator> Launching)
{
    /// <summary>Counts a trace's operators.</summary>
    /// <param name="name">Of the part.</param>
    /// <param name="part">Calls of the trace, in their order.</param>
    /// <param name="all">All calls of the trace by number.</param>
    public static OperatorPhase Create(string name, IReadOnlyList<Operator> part, IReadOnlyDictionary<long, Operator> all)
    {
        var operators = part.Where(call => call.IsOperator).ToList();
        var computing = new HashSet<long>();
        var launching = new List<Operator>();
        foreach (Operator call in operators.AsEnumerable().Reverse().Where(call => call.Computes))
        {
            // Callers have the lesser numbers, so that what a call makes is known before the call itself.
            if (Callers(call).Any(caller => caller.ConvertsScalar) || call.ConvertsScalar)
            {
                continue;
            }
            if (computing.Add(call.Id))
            {
                launching.Add(call);
            }
            computing.UnionWith(Callers(call).Select(caller => caller.Id));
        }
        return new OperatorPhase(name, operators, operators.Count(call => !Callers(call).Any(caller => caller.IsOperator)), launching);

        IEnumerable<Operator> Callers(Operator call)
        {
            while (all.TryGetValue(call.Parent, out Operator? caller) && caller.Id != call.Id)
            {
                yield return caller;
                call = caller;
            }
        }
    }
}
