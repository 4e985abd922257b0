using ErLoss.Training.Methods;

namespace ErLoss.Training.Studies;

/// <summary>A method as a study trains it, with as many seeds as the study has.</summary>
/// <param name="Method">Name of the method.</param>
/// <param name="Objective">Which loss it trains with.</param>
/// <param name="BatchSize">Images a step.</param>
/// <param name="Ema">Coefficient of the teacher's moving average; null if the method has no teacher.</param>
/// <param name="Centering">Whether the teacher's outputs are centred; null if the method never does so.</param>
internal sealed record StudyVariant(string Method, Objective Objective, int BatchSize, double? Ema, bool? Centering)
{
    /// <summary>As folders are named: <c>byol-er-b64-ema0.99</c>.</summary>
    public string Name =>
        $"{Method}-{Objective.ToString().ToLowerInvariant()}-b{BatchSize}"
        + $"{(Ema is { } ema ? $"-ema{ema}" : "")}{(Centering == false ? "-nocentering" : "")}";

    /// <summary>What sets it apart from another variant of its method: <c>batch 64</c>, <c>EMA 0.8</c>, <c>no centring</c>.</summary>
    public IReadOnlyList<string> DifferencesFrom(StudyVariant reference)
    {
        var differences = new List<string>();
        if (BatchSize != reference.BatchSize)
        {
            differences.Add($"batch {BatchSize}");
        }
        if (Ema != reference.Ema)
        {
            differences.Add($"EMA {Ema}");
        }
        if (Centering != reference.Centering)
        {
            differences.Add(Centering == true ? "centring" : "no centring");
        }
        return differences;
    }
}
