namespace ErLoss.Modules;

/// <summary>Whose entropy the loss counts.</summary>
public enum EntropyOf
{
    /// <summary>The mean of the entropies of both views.</summary>
    Both,

    /// <summary>The entropy of the first projection only. This is for distillation, where only the student's side carries gradient.</summary>
    First,

    /// <summary>The entropy of the second projection only.</summary>
    Second,
}
