namespace ErLoss.Modules;

/// <summary>Whose entropy the loss counts.</summary>
public enum EntropyOf
{
    /// <summary>Both views': the mean of the two entropies.</summary>
    Both,

    /// <summary>The first projection's only; for distillation, where only the student's side carries gradient.</summary>
    First,

    /// <summary>The second projection's only.</summary>
    Second,
}
