using System.Text.RegularExpressions;
using ErLoss.Training.Methods;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Studies;

/// <summary>
/// A form of the methods that a study trains beside the native one and the one with ER: several settings under one name, such as ER that keeps the own kernels. It has a row of its own in
/// the study's table for each method that has all of the settings.
/// </summary>
/// <param name="Name">As folders, tables and figures have it: "keep-own".</param>
/// <param name="Settings">Its settings as "word=value", with a space between them; the loss is the first of them.</param>
internal sealed partial record StudyArm(string Name, string Settings)
{
    /// <summary>The settings by their words.</summary>
    public IReadOnlyList<(string Word, string Value)> Words() =>
        [.. Settings.Split(' ').Select(setting => setting.Split('=', 2)).Select(setting => (setting[0], setting[1]))];

    /// <summary>An arm that a text such as <c>keep-own: keep-own=true</c> gives. Its loss is ER unless the text says another.</summary>
    /// <param name="document">The door.</param>
    /// <param name="text">The name, a colon, and settings with a space between them.</param>
    /// <exception cref="SettingsException">The text is no such arm; the message is about the arm.</exception>
    public static StudyArm Parse(Document<RunSettings> document, string text)
    {
        if (text.Split(':', 2) is not [var name, var settings] || string.IsNullOrWhiteSpace(settings))
        {
            throw Error(text, "is no arm; a name with settings is wanted, such as 'keep-own: keep-own=true'");
        }
        name = name.Trim();
        if (!Names().IsMatch(name) || Enum.TryParse<Objective>(name, ignoreCase: true, out _))
        {
            throw Error(name, "is no name of an arm; letters, digits, dots and hyphens are wanted, and another word than er and native");
        }
        var words = new List<(string Word, string Value)>();
        foreach (string setting in settings.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (setting.Split('=', 2) is not [{ Length: > 0 } word, var value])
            {
                throw Error(name, $"has '{setting}'; a setting with its value is wanted, such as keep-own=true");
            }
            words.Add(Checked(document, name, word.Replace('-', '_'), value));
        }
        if (words.GroupBy(word => word.Word).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw Error(name, $"has {twice.Key} twice; leave one of them out");
        }
        string objective = words.FirstOrDefault(word => word.Word == StudyAxis.Objective).Value ?? "er";
        return new StudyArm(name, string.Join(' ', words.Where(word => word.Word != StudyAxis.Objective).Prepend((Word: StudyAxis.Objective, Value: objective)).Select(word => $"{word.Word}={word.Value}")));
    }

    /// <summary>An error of an arm.</summary>
    public static SettingsException Error(string name, string problem) => new($"arm '{name}'", "arm", problem);

    /// <summary>A setting of an arm as the document writes it. Which kinds have it is found out when the cells are made.</summary>
    private static (string Word, string Value) Checked(Document<RunSettings> document, string name, string word, string value)
    {
        Setting setting = document.Settings.FirstOrDefault(setting => setting.Word == word || setting.Path == word)
            ?? throw Error(name, $"has {word}, which is not a setting");
        if (!setting.Attribute.IsOption || !setting.Attribute.DecidesResult || setting.Word is StudyAxis.Method or StudyAxis.Seed)
        {
            throw Error(name, $"has {setting.Word}, which an arm cannot set");
        }
        try
        {
            return (setting.Word, setting.Type.Format(setting.Parse(value)));
        }
        catch (SettingsException e)
        {
            throw Error(name, $"has {setting.Word}, which {e.Problem}");
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9.+-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Names();
}
