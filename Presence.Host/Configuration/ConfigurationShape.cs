using System.ComponentModel;
using System.Reflection;

namespace Presence.Host.Configuration;

/// <summary>
/// Compares a section of the configuration with the type it is to be bound to. The binder passes over a misspelt key and
/// over a value where a list belongs, so that a limit could be set and not be in force; here each is a fault.
/// </summary>
internal static class ConfigurationShape
{
    /// <summary>What of the section has no place in the type, or cannot be read as what the type wants.</summary>
    public static IEnumerable<ConfigurationFault> Faults(IConfigurationSection section, Type type)
    {
        if (type == typeof(string[]))
            return ListFaults(section);
        return IsValue(type) ? ValueFaults(section, type) : ObjectFaults(section, type);
    }

    /// <summary>The section with nothing in it that <see cref="Faults"/> names, so that the rest can be bound, and checked as well.</summary>
    public static IConfiguration WithoutFaults(IConfigurationSection section, Type type)
    {
        var faults = Faults(section, type).Select(fault => fault.Key).ToList();
        return faults.Count == 0
            ? section
            : new ConfigurationBuilder()
                .AddInMemoryCollection(section.AsEnumerable().Where(entry => !faults.Exists(key => IsWithin(entry.Key, key))))
                .Build()
                .GetSection(section.Path);
    }

    private static bool IsWithin(string key, string fault) =>
        key.StartsWith(fault, StringComparison.OrdinalIgnoreCase) && (key.Length == fault.Length || key[fault.Length] == ':');

    private static IEnumerable<ConfigurationFault> ObjectFaults(IConfigurationSection section, Type type)
    {
        if (!string.IsNullOrEmpty(section.Value))
            yield return new(section.Path, "has a value of its own, but is a section");
        foreach (var child in section.GetChildren())
        {
            var property = type.GetProperty(child.Key, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
            if (property is null)
                yield return new(child.Path, "is not a key that the server knows");
            else
            {
                foreach (var fault in Faults(child, property.PropertyType))
                    yield return fault;
            }
        }
    }

    private static IEnumerable<ConfigurationFault> ListFaults(IConfigurationSection section)
    {
        if (!string.IsNullOrEmpty(section.Value))
            yield return new(section.Path, $"is a list; write its first entry as {section.Path}:0");
        foreach (var child in section.GetChildren())
        {
            if (child.GetChildren().Any())
                yield return new(child.Path, "is a section, but should be a text");
        }
    }

    private static IEnumerable<ConfigurationFault> ValueFaults(IConfigurationSection section, Type type)
    {
        if (section.GetChildren().Any())
            yield return new(section.Path, "is a section, but should be a value");
        else if (section.Value is { } text && !IsReadable(text, Nullable.GetUnderlyingType(type) ?? type))
            yield return new(section.Path, $"is '{text}'; it must be {Name(Nullable.GetUnderlyingType(type) ?? type)}");
    }

    private static bool IsValue(Type type) => type == typeof(string) || type.IsValueType;

    private static bool IsReadable(string text, Type type)
    {
        if (type == typeof(string))
            return true;
        try
        {
            return TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text) is not null;
        }
        // The converters of the framework throw whatever the parser behind them throws, in part wrapped as ArgumentException.
        catch (Exception fault) when (fault is FormatException or ArgumentException or OverflowException or NotSupportedException)
        {
            return false;
        }
    }

    private static string Name(Type type)
    {
        if (type == typeof(int))
            return "a whole number";
        if (type == typeof(bool))
            return "true or false";
        if (type.IsEnum)
            return string.Join(" or ", Enum.GetNames(type).Select(n => n.ToLowerInvariant()));
        return type == typeof(TimeSpan) ? "a time span such as 00:00:30" : type.Name;
    }
}
