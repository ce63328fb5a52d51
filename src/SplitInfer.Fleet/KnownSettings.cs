using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace SplitInfer.Fleet;

/// <summary>Refuses settings of a configuration that no option has, in a sentence that says which there are.</summary>
internal static class KnownSettings
{
    /// <summary>Looks at all settings of a section.</summary>
    /// <param name="section">The section.</param>
    /// <param name="options">The type whose properties it has.</param>
    /// <exception cref="InvalidOperationException">There is one that no option has.</exception>
    [RequiresUnreferencedCode("The names of options are found by reflection.")]
    public static void Require(IConfiguration section, Type options)
    {
        PropertyInfo[] known = [.. options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(static property => property.SetMethod is { IsPublic: true })];
        foreach (var setting in section.GetChildren())
        {
            if (Array.Find(known, property => property.Name.Equals(setting.Key, StringComparison.OrdinalIgnoreCase)) is not { } property)
                throw new InvalidOperationException($"The setting '{setting.Path}' is unknown. Correct its name or remove it; there are {string.Join(", ", known.Select(static one => one.Name).Order(StringComparer.Ordinal))}.");
            // What has parts of its own is another object with options.
            if (setting.GetChildren().Any()) Require(setting, property.PropertyType);
        }
    }
}
