namespace ErLoss.Training.Settings;

/// <summary>
/// Makes a property of a <see cref="Section"/> a setting: from it come the option with its help, the member of config.json and its place in the JSON schema. The
/// property's own initializer is the default. Its type is <see cref="int"/>, <see cref="double"/>, <see cref="bool"/>, <see cref="string"/>, an enumeration, one of
/// these that may be null, or an abstract section of which there are several kinds.
/// </summary>
/// <param name="help">What the setting means, as a sentence.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingAttribute(string help) : Attribute
{
    /// <summary>What the setting means, as a sentence.</summary>
    public string Help { get; } = help;

    /// <summary>The smallest number that is allowed.</summary>
    public double Least { get; init; } = double.NegativeInfinity;

    /// <summary>A number that is already too small; the values allowed lie above it.</summary>
    public double Above { get; init; } = double.NegativeInfinity;

    /// <summary>The largest number that is allowed.</summary>
    public double Most { get; init; } = double.PositiveInfinity;

    /// <summary>
    /// Whether a run comes to other numbers with another value. Where a run computes and where its files are does not decide its result: a run may go on elsewhere, and a
    /// study keeps a cell that was trained elsewhere.
    /// </summary>
    public bool DecidesResult { get; init; } = true;

    /// <summary>
    /// Whether it is the path of a file or folder, unless it has its default. In a file of settings a relative path is relative to the file's folder. A file may move; only its name
    /// decides whether two runs have the same.
    /// </summary>
    public bool IsPath { get; init; }

    /// <summary>Whether somebody sets it. The program fills in the others itself.</summary>
    public bool IsOption { get; init; } = true;

    /// <summary>The word that sets it where no path is given, unique within a document; the property's name in snake_case if null.</summary>
    public string? Word { get; init; }

    /// <summary>Where the setting stood in documents of earlier versions, which are read as before; null if nowhere else.</summary>
    public string? FormerPath { get; init; }

    /// <summary>Another setting's word and the value it must have for this one to mean something, "objective er", or the number it must be above, "small_crops above 0".</summary>
    public string? GoesWith { get; init; }

    /// <summary>What stands for a text's value in the help: "FILE".</summary>
    public string? Placeholder { get; init; }

    /// <summary>What is used where the value is null, for the help.</summary>
    public string? WhenNull { get; init; }

    /// <summary>The value that is meant where the option is given without one; null if it needs one.</summary>
    public string? Alone { get; init; }

    /// <summary>The value that the option's negation means; null if there is no negation.</summary>
    public string? Negated { get; init; }
}
