namespace ErLoss.Benchmarks;

/// <summary>One call of an operator, or of what autograd and TorchScript record beside them.</summary>
/// <param name="Id">Its number, in the order of the calls.</param>
/// <param name="Parent">The number of what called it.</param>
/// <param name="Name">As "aten::add_".</param>
/// <param name="Schema">Its signature, as "aten::add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)"; empty for what is no operator.</param>
internal sealed record Operator(long Id, long Parent, string Name, string Schema)
{
    /// <summary>What allocates, or changes a shape in place; no operator of these does anything to elements.</summary>
    private static readonly HashSet<string> s_metadata =
    [
        "aten::empty", "aten::empty_like", "aten::empty_strided", "aten::new_empty", "aten::new_empty_strided", "aten::resize_", "aten::as_strided_", "aten::squeeze_", "aten::unsqueeze_",
        "aten::transpose_", "aten::detach_", "aten::set_", "aten::_unsafe_view", "aten::result_type", "aten::is_nonzero", "aten::item", "aten::_local_scalar_dense",
    ];

    /// <summary>What a GPU does in one kernel, and a CPU by operators beneath it as well.</summary>
    private static readonly HashSet<string> s_reductions = ["aten::sum", "aten::mean", "aten::amax", "aten::amin", "aten::max", "aten::min", "aten::linalg_vector_norm", "aten::dot"];

    /// <summary>Whether its one result has no axes.</summary>
    public bool GivesScalar { get; init; }

    /// <summary>Whether it is an operator.</summary>
    public bool IsOperator => Schema.Length > 0;

    /// <summary>Whether it is a call of a function of TorchScript.</summary>
    public bool IsCompiled => !IsOperator && !Name.StartsWith('[') && !Name.StartsWith("autograd::", StringComparison.Ordinal);

    /// <summary>Whether it computes elements itself, if no other does so beneath it: it neither allocates alone nor gives a view, whose schema has a result "Tensor(a)".</summary>
    public bool Computes => IsOperator && !s_metadata.Contains(Name) && !ReturnsView;

    /// <summary>
    /// Whether it belongs to what only a CPU makes an operator of its own: the conversion of an operand without axes, which a GPU's kernels take as an argument, and the steps of a
    /// reduction.
    /// </summary>
    /// <param name="all">All calls of the trace by number.</param>
    public bool IsOfCpuAlone(IReadOnlyDictionary<long, Operator> all)
    {
        Operator call = this;
        foreach (Operator caller in Callers(all).Where(caller => caller.IsOperator))
        {
            if ((call.ConvertsScalar && !caller.ConvertsScalar) || (caller.IsReduction && !IsCopy))
            {
                return true;
            }
            call = caller;
        }
        return false;
    }

    /// <summary>What called it, and what called that, up to the beginning of the trace.</summary>
    /// <param name="all">All calls of the trace by number.</param>
    public IEnumerable<Operator> Callers(IReadOnlyDictionary<long, Operator> all)
    {
        Operator call = this;
        while (all.TryGetValue(call.Parent, out Operator? caller) && caller.Id != call.Id) // the root calls itself
        {
            yield return caller;
            call = caller;
        }
    }

    /// <summary>Whether it is a reduction. That is a kernel of its own, even where it copies its operand to another type first.</summary>
    public bool IsReduction => s_reductions.Contains(Name);

    private bool IsCopy => Name == "aten::copy_";

    private bool ConvertsScalar => GivesScalar && Name is ("aten::to" or "aten::_to_copy");

    private bool ReturnsView
    {
        get
        {
            string result = Schema[(Schema.LastIndexOf("->", StringComparison.Ordinal) + 2)..];
            return result.Contains('(') && !result.Contains('!') && !result.TrimStart().StartsWith("()", StringComparison.Ordinal) && result.Contains("Tensor(");
        }
    }
}
