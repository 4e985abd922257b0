using System.Reflection;

namespace ErLoss.Training.Settings;

/// <summary>Finds all settings of a document, of all kinds that its sections can be.</summary>
internal static class SettingsWalk
{
    /// <summary>The settings, those of a section in the order of its declarations; what a kind inherits comes before what it adds.</summary>
    /// <param name="document">A document; of kinds that it does not have the defaults are used.</param>
    /// <param name="kinds">All kinds.</param>
    public static IEnumerable<Setting> Settings(Section document, IReadOnlyList<Kind> kinds) => Settings([], document, null, kinds);

    /// <summary>A record's properties, inherited ones first.</summary>
    public static IEnumerable<PropertyInfo> Properties(Type section) =>
        from property in section.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where IsSetting(property) || IsSection(property)
        orderby Depth(property.DeclaringType!), property.MetadataToken
        select property;

    private static IEnumerable<Setting> Settings(Setting.Step[] way, Section section, Kind? kind, IReadOnlyList<Kind> kinds)
    {
        foreach (PropertyInfo property in Properties(section.GetType()))
        {
            Setting.Step[] longer = [.. way, new(section.GetType(), property, kind)];
            if (!IsSection(property))
            {
                yield return new Setting(longer, [], section);
                continue;
            }
            Kind[] choices = [.. kinds.Where(choice => choice.Base == property.PropertyType)];
            if (property.PropertyType.IsAbstract)
            {
                yield return new Setting(longer, choices, section);
            }
            IEnumerable<(Section, Kind?)> inner = property.PropertyType.IsAbstract
                ? choices.Select(choice => (choice.Create(), (Kind?)choice))
                : [((Section)property.GetValue(section)!, null)];
            foreach ((Section of, Kind? its) in inner)
            {
                foreach (Setting setting in Settings(longer, of, its, kinds))
                {
                    yield return setting;
                }
            }
        }
    }

    private static bool IsSetting(PropertyInfo property) => property.GetCustomAttribute<SettingAttribute>() is not null;

    private static bool IsSection(PropertyInfo property) => property.PropertyType.IsAssignableTo(typeof(Section));

    private static int Depth(Type type) => type.BaseType is { } above ? 1 + Depth(above) : 0;
}
