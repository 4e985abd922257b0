using ErLoss.Training.Methods;

namespace ErLoss.Training.Studies;

/// <summary>What a study trains with each of its seeds: a value of every axis that has a meaning for it. Variants of the same values are equal.</summary>
/// <param name="values">In the order of the axes.</param>
internal sealed class StudyVariant(IReadOnlyList<AxisValue> values) : IEquatable<StudyVariant>
{
    /// <summary>A value of every axis that has a meaning for it, in the order of the axes.</summary>
    public IReadOnlyList<AxisValue> Values => values;

    /// <summary>Name of the method.</summary>
    public string Method => this[StudyAxis.Method]!;

    /// <summary>Which loss it trains with.</summary>
    public Objective Objective => Enum.Parse<Objective>(this[StudyAxis.Objective]!, ignoreCase: true);

    /// <summary>The name of its arm; null if it is the method natively or with ER and nothing else.</summary>
    public string? Arm => values.FirstOrDefault(value => value.Arm is not null)?.Value;

    /// <summary>As folders are named: <c>byol-er-b64-ema0.99</c>.</summary>
    public string Name => string.Join('-', values.Select(value => value.ShortName));

    /// <summary>All of it but method and objective: "batch 512, EMA 0.99".</summary>
    public string Description => string.Join(", ", Columns.Select(value => value.Label));

    /// <summary>Its values of the axes that make columns of the table.</summary>
    public IEnumerable<AxisValue> Columns => values.Where(value => value.Word is not (StudyAxis.Method or StudyAxis.Objective));

    /// <summary>The value of an axis, or of a setting of its arm; null if that has no meaning for this variant.</summary>
    public string? this[string word] => values.SelectMany(value => value.Words).FirstOrDefault(setting => setting.Word == word).Value;

    /// <summary>The method's title with the loss and the arm: "SimCLR", "SimCLR+ER", "SimCLR+ER (keep-own)".</summary>
    public string Title(IReadOnlyDictionary<string, MethodSettings> methods) => methods[Method].TitleWith(Objective) + (Arm is { } arm ? $" ({arm})" : "");

    /// <summary>What sets it apart from another variant of its method.</summary>
    public IReadOnlyList<AxisValue> DifferencesFrom(StudyVariant reference) => [.. Columns.Where(value => value.Value != reference[value.Word])];

    /// <summary>What sets it apart from another variant of its method, as a column is headed: "batch 64, EMA 0.8".</summary>
    public string Variation(StudyVariant reference) => string.Join(", ", DifferencesFrom(reference).Select(value => value.Label));

    /// <inheritdoc/>
    public bool Equals(StudyVariant? other) => other is not null && values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StudyVariant);

    /// <inheritdoc/>
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
