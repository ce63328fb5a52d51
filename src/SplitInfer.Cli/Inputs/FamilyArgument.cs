using SplitInfer.Families;

namespace SplitInfer.Cli.Inputs;

/// <summary>An argument that names a model, or a family of its variants.</summary>
internal static class FamilyArgument
{
    /// <summary>What such arguments say of themselves.</summary>
    public const string Description = "An .onnx file, or the family.json of a family, or its folder.";

    /// <summary>The file of the family that an argument names; null where it names a model.</summary>
    public static string? FamilyOf(string argument) =>
        Path.GetExtension(argument).Equals(".json", StringComparison.OrdinalIgnoreCase) ? argument
        : File.Exists(Path.Combine(argument, FamilyFile.Name)) ? Path.Combine(argument, FamilyFile.Name)
        : null;

    /// <summary>The model files that an argument names: those of all variants of a family.</summary>
    /// <exception cref="FileNotFoundException">There is no such family.</exception>
    /// <exception cref="InvalidFamilyException">It is none.</exception>
    public static IReadOnlyList<string> ModelsOf(string argument) => FamilyOf(argument) is not { } family
        ? [argument]
        : [.. FamilyFile.Load(family).Variants.Select(variant => Path.Combine(Path.GetDirectoryName(family)!, variant.File))];
}
