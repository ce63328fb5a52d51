using System.Text.Json;
using System.Text.Json.Serialization;

namespace SplitInfer.Families;

/// <summary>The file of a family, <c>family.json</c>, beside the models that it names.</summary>
public static class FamilyFile
{
    private const int MaxBytes = 16 << 20;

    // Three processors, each with all that can be made for it, come to fewer.
    private const int MaxVariants = 64;

    // A cosine of sums in floating point.
    private const double Rounding = 1e-6;

    /// <summary>The name that such a file usually has.</summary>
    public const string Name = "family.json";

    /// <summary>Reads a file and checks it. The models themselves are not read.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidFamilyException">It is no family.</exception>
    public static ModelFamily Load(string path)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no family file '{path}'. Make one with `splitinfer tailor`.", path);
        var bytes = WholeFile.Read(path, MaxBytes, problem => new InvalidFamilyException(path, problem));
        try
        {
            var family = JsonSerializer.Deserialize(bytes, FamilyContext.Default.ModelFamily) ?? throw new InvalidFamilyException(path, "it is empty");
            Check(family, path);
            return family;
        }
        catch (JsonException error)
        {
            throw new InvalidFamilyException(path, error.Message, error);
        }
    }

    /// <summary>Writes a file. An earlier one is replaced once the new one is complete.</summary>
    /// <exception cref="InvalidFamilyException">What would be written could not be read.</exception>
    public static void Save(string path, ModelFamily family)
    {
        ArgumentNullException.ThrowIfNull(family);
        Check(family, path);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(family, FamilyContext.Default.ModelFamily);
        if (bytes.Length > MaxBytes) throw new InvalidFamilyException(path, $"it would have {bytes.Length} bytes, over the {MaxBytes} allowed");
        WholeFile.Replace(path, bytes);
    }

    private static void Check(ModelFamily family, string path)
    {
        if (family.Variants.IsDefaultOrEmpty) throw new InvalidFamilyException(path, "it has no variants");
        if (family.Variants.Length > MaxVariants) throw new InvalidFamilyException(path, $"it has {family.Variants.Length} variants, over the {MaxVariants} allowed");
        // What lists hold may be null whatever their types say.
        if (family.Variants.Contains(null!) || family.Targets.IsDefault || family.Targets.Any(static target => target?.Name is null) || family.NotMade.IsDefault || family.NotMade.Contains(null!)) throw new InvalidFamilyException(path, "a variant, a target or a reason is null");
        if (family.Samples < 0) throw new InvalidFamilyException(path, $"it was judged by {family.Samples} samples");
        if (family.ModelBytes is <= 0) throw new InvalidFamilyException(path, $"its model has {family.ModelBytes} bytes");
        if (TextsOf(family).FirstOrDefault(static text => text?.Any(char.IsControl) == true) is { } odd) throw new InvalidFamilyException(path, $"'{new string([.. odd.Where(static letter => !char.IsControl(letter))])}' has control characters");
        var (names, files, models) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.OrdinalIgnoreCase), new HashSet<(Fingerprint, string?)>());
        foreach (var variant in family.Variants)
        {
            if (!names.Add(variant.Name)) throw new InvalidFamilyException(path, $"two variants are named '{variant.Name}'");
            // A file beside this one: nothing that a family says leads elsewhere.
            if (variant.File.Length == 0 || Path.GetFileName(variant.File) != variant.File || variant.File is "." or "..") throw new InvalidFamilyException(path, $"variant '{variant.Name}' names '{variant.File}', which is no file beside it");
            if (!files.Add(variant.File)) throw new InvalidFamilyException(path, $"two variants are in the file '{variant.File}'");
            // What two processors run alike is there for each.
            if (!models.Add((variant.Fingerprint, variant.Isa))) throw new InvalidFamilyException(path, $"variant '{variant.Name}' is the same model as another");
            if (variant.Steps.IsDefault || variant.Steps.Contains(null!)) throw new InvalidFamilyException(path, $"a step of variant '{variant.Name}' is null");
            if (!IsShare(variant.Agreement) || variant.Bytes < 0) throw new InvalidFamilyException(path, $"variant '{variant.Name}' has an agreement of {variant.Agreement} and {variant.Bytes} bytes");
            if (!IsShare(variant.AgreementLow) || !IsShare(variant.Accuracy ?? 0) || !IsShare(variant.AccuracyLow ?? 0) || !(Math.Abs(variant.Cosine) <= 1 + Rounding)) throw new InvalidFamilyException(path, $"the scores of variant '{variant.Name}' are out of range");
            if (variant.Times.IsDefaultOrEmpty || variant.Times.Any(static time => time is null || time.Threads < 0 || !IsTime(time.Milliseconds) || !IsTime(time.BaseMilliseconds) || !IsTime(time.UpperMilliseconds ?? time.Milliseconds))) throw new InvalidFamilyException(path, $"variant '{variant.Name}' has no times");
        }
    }

    private static bool IsShare(double value) => value is >= 0 and <= 1;

    private static bool IsTime(double value) => value > 0 && double.IsFinite(value);

    // All that may be shown.
    private static IEnumerable<string?> TextsOf(ModelFamily family) =>
    [
        family.Model, family.Machine, .. family.NotMade, .. family.Targets.SelectMany(static target => (string?[])[target.Name, target.Variant, target.Refusal]),
        .. family.Variants.SelectMany(static variant => (string?[])[variant.Name, variant.File, variant.Parent, variant.Isa, .. variant.Steps.IsDefault ? [] : variant.Steps]),
    ];
}

/// <summary>A file is no family of models.</summary>
public sealed class InvalidFamilyException : SplitInferException
{
    internal InvalidFamilyException(string path, string problem, Exception? inner = null) : base($"'{path}' is no family of models: {problem}. Make it again with `splitinfer tailor`.", inner!) { }
}

/// <summary>How families become JSON, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ModelFamily))]
internal sealed partial class FamilyContext : JsonSerializerContext;
