using System.Text.Json.Serialization;

namespace SplitInfer.Calibration;

/// <summary>A calibration as its file spells it.</summary>
/// <param name="Format">Tells the file from others.</param>
/// <param name="Version">Counts up whenever what is written changes its meaning.</param>
/// <param name="Model">SHA-256 of the model, in hexadecimal.</param>
/// <param name="Plan">SHA-256 of the plan, in hexadecimal.</param>
/// <param name="Samples">How many inputs went through every codec.</param>
/// <param name="Entries">An entry for each pair of partition and codec.</param>
internal sealed record CalibrationDocument(string Format, int Version, string Model, string Plan, int Samples, IReadOnlyList<CalibrationEntry> Entries)
{
    public const string FormatName = "splitinfer-calibration";
    public const int CurrentVersion = 1;
}

/// <summary>How the file becomes JSON and back, without reflection. Members that it does not know are left alone.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false, WriteIndented = true, IndentSize = 1)]
[JsonSerializable(typeof(CalibrationDocument))]
internal sealed partial class CalibrationJson : JsonSerializerContext;
