using System.Reflection;

namespace ErLoss.Training.Settings;

/// <summary>The sections of a document.</summary>
internal static class DocumentSections
{
    /// <summary>The document itself and all sections in it, with their paths.</summary>
    public static IEnumerable<(string Path, Section Section)> Enumerate(Section section, string path = "")
    {
        yield return (path, section);
        foreach (PropertyInfo property in SettingsWalk.Properties(section.GetType()))
        {
            if (property.GetValue(section) is Section inner)
            {
                foreach ((string, Section) each in Enumerate(inner, path.Length == 0 ? Setting.NameOf(property) : $"{path}.{Setting.NameOf(property)}"))
                {
                    yield return each;
                }
            }
        }
    }
}
