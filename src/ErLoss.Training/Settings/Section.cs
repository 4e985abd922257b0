namespace ErLoss.Training.Settings;

/// <summary>
/// A part of a settings document: an immutable record whose properties are settings, marked with <see cref="SettingAttribute"/>, or sections again. It belongs to whoever
/// uses it, and its file is the only place where a setting is declared.
/// </summary>
public abstract record Section
{
    /// <summary>What is wrong with the values together, which bounds of single settings cannot say; nothing as a rule.</summary>
    public virtual IEnumerable<Conflict> Conflicts() => [];
}

/// <summary>Settings of a section that do not go together.</summary>
/// <param name="Property">The property to change: its <c>nameof</c>; of a section in this one "Loss.Estimator".</param>
/// <param name="Problem">What is wrong, following the setting's name: "is joe, which no discrete head can be trained with".</param>
public sealed record Conflict(string Property, string Problem);
