using SplitInfer.Client;
using SplitInfer.Families;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Inputs;

/// <summary>An argument that names a model, or a family of its variants.</summary>
internal static class FamilyArgument
{
    /// <summary>What such arguments say of themselves.</summary>
    public const string Description = "An .onnx file, or the family.json of a family, or its folder.";

    /// <summary>The file of the family that an argument names; null where it names a model.</summary>
    /// <exception cref="UsageException">It names a folder without one.</exception>
    public static string? FamilyOf(string argument)
    {
        if (Path.GetExtension(argument).Equals(".json", StringComparison.OrdinalIgnoreCase)) return argument;
        if (!Directory.Exists(argument)) return null;
        var file = Path.Combine(argument, FamilyFile.Name);
        return File.Exists(file) ? file : throw new UsageException($"The folder '{argument}' has no {FamilyFile.Name}. Name an .onnx file in it, or a family that 'splitinfer tailor MODEL --calibration DIR --out DIR' has made.");
    }

    /// <summary>The model file for which inputs are made up: that of the first variant that may be used.</summary>
    /// <param name="family">The file of the family.</param>
    /// <param name="variants">Names of those that may be used; null for any.</param>
    /// <exception cref="FileNotFoundException">There is no such family.</exception>
    /// <exception cref="InvalidFamilyException">It is none.</exception>
    public static string MainModelOf(string family, IReadOnlySet<string>? variants = null)
    {
        var all = FamilyFile.Load(family).Variants;
        return Path.Combine(Path.GetDirectoryName(family)!, (all.FirstOrDefault(variant => variants?.Contains(variant.Name) is not false) ?? all[0]).File);
    }

    /// <summary>Refuses inputs that the client does not take, as where they are those of a variant that it has left out.</summary>
    /// <param name="client">A client of a family.</param>
    /// <param name="inputs">One tensor for each input of the model that they were made for.</param>
    /// <exception cref="UsageException">It takes others.</exception>
    public static void RequireInputs(SplitInferenceClient client, IReadOnlyList<TensorValue> inputs)
    {
        var due = client.Plan.Inputs;
        if (due.Length == inputs.Count && due.Zip(inputs).All(static pair => pair.First.Accepts(pair.Second.ElementType, pair.Second.Shape))) return;
        throw new UsageException($"The variants of the family take different inputs: {string.Join(", ", client.Variants.Select(static variant => $"'{variant.Name}'"))} take {string.Join(", ", due)}, and what there is fits another variant: {string.Join(", ", inputs)}. Put variants that take the same inputs in one family, or name them with --variant where the command has it.");
    }

    /// <summary>The model files that an argument names: those of all variants of a family.</summary>
    /// <exception cref="FileNotFoundException">There is no such family.</exception>
    /// <exception cref="InvalidFamilyException">It is none.</exception>
    public static IReadOnlyList<string> ModelsOf(string argument) => FamilyOf(argument) is not { } family
        ? [argument]
        : [.. FamilyFile.Load(family).Variants.Select(variant => Path.Combine(Path.GetDirectoryName(family)!, variant.File))];
}
