namespace ErLoss.Training.Settings;

/// <summary>One of several records that can stand in a section: a method, an encoder, an optimizer.</summary>
/// <param name="Base">The abstract record that the document's property is declared as.</param>
/// <param name="Name">The kind's name, as <c>name</c> in the section and as the value of the option.</param>
/// <param name="Type">The record itself, with a constructor without parameters that gives the kind's defaults.</param>
internal sealed record Kind(Type Base, string Name, Type Type)
{
    /// <summary>The section with the kind's defaults.</summary>
    public Section Create() => (Section)Activator.CreateInstance(Type)!;
}
