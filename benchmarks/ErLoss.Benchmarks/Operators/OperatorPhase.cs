namespace ErLoss.Benchmarks;

/// <summary>The operators of one part of a training step.</summary>
/// <param name="Name">Of the part.</param>
/// <param name="Operators">All, those that others dispatched included.</param>
/// <param name="AtTop">Those that no other operator dispatched; all of a compiled function are one.</param>
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
            if (call.IsOfCpuAlone(all))
            {
                continue;
            }
            if (computing.Add(call.Id) || call.IsReduction)
            {
                launching.Add(call);
            }
            computing.UnionWith(call.Callers(all).Select(caller => caller.Id));
        }
        return new OperatorPhase(name, operators, operators.Where(call => !call.Callers(all).Any(caller => caller.IsOperator)).DistinctBy(AtTop).Count(), launching);

        // Operators of a compiled function are one call.
        long AtTop(Operator call) => call.Callers(all).LastOrDefault(caller => caller.IsCompiled)?.Id ?? call.Id;
    }

    /// <summary>Prints the operators that launch most often, with how often they do.</summary>
    /// <param name="top">How many to print.</param>
    public void WriteLaunching(int top)
    {
        foreach (IGrouping<string, Operator> named in Launching.GroupBy(call => call.Name).OrderByDescending(named => named.Count()).Take(top))
        {
            Console.WriteLine($"{named.Count(),6} {named.Key}");
        }
    }
}
