namespace ErLoss.Training.Methods;

/// <summary>Which loss a method trains with.</summary>
internal enum Objective
{
    /// <summary>The entropy–reconstruction loss.</summary>
    Er,

    /// <summary>The method's own, as its paper has it.</summary>
    Native,
}
