namespace ErLoss.Modules.Distributed;

/// <summary>What a reduction makes of the values that the ranks have at one place of a tensor.</summary>
public enum ReduceOp
{
    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>The largest of them.</summary>
    Max,

    /// <summary>The smallest of them.</summary>
    Min,
}
