using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using SplitInfer.Tensors;

namespace SplitInfer.Exits;

/// <summary>Exits as their file spells them.</summary>
/// <param name="Format">Tells the file from others.</param>
/// <param name="Version">Counts up whenever what is written changes its meaning.</param>
/// <param name="Model">SHA-256 of the model.</param>
/// <param name="Plan">SHA-256 of the plan.</param>
/// <param name="Output">The output that exits answer in place of.</param>
/// <param name="Classes">How many classes it has.</param>
/// <param name="Scores">What its scores are.</param>
/// <param name="Promise">What holds for all exits.</param>
/// <param name="Exits">The exits.</param>
/// <param name="Checksum">SHA-256 of all others; null in files that were written before there was one.</param>
internal sealed record ExitsDocument(
    string Format, int Version, Fingerprint Model, Fingerprint Plan, string Output, int Classes, ExitScores Scores, ExitPromise Promise, ExitEntry[] Exits, Fingerprint? Checksum = null)
{
    public const string FormatName = "splitinfer-exits";
    // What it is computed of is the same on every system, however the file is indented.
    private static readonly ExitsJson Compact = new(new JsonSerializerOptions(ExitsJson.Default.Options) { WriteIndented = false });

    // Version 1 had no answers.
    public const int OldestVersion = 1, CurrentVersion = 2;

    /// <summary>The same with its checksum.</summary>
    public ExitsDocument WithChecksum() => this with { Checksum = Digest() };

    /// <summary>Whether it says what it said when it was written, as far as that can be told.</summary>
    public bool IsUnchanged() => Checksum is null || Checksum == Digest();

    private Fingerprint Digest() => new(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this with { Checksum = null }, Compact.ExitsDocument)));
}

/// <summary>One exit. Weights and biases are float32, and answers numbers of 16 bits as <see cref="RecordedAnswers"/> has them, all little-endian.</summary>
internal sealed record ExitEntry(
    int Partition, FeaturesEntry[] Features, double Temperature, double TeachingTemperature, double Threshold, double ExitRate, double Agreement, byte[] Biases, byte[] Weights, byte[]? Answers = null);

/// <summary>How one value becomes features.</summary>
internal sealed record FeaturesEntry(int Place, string Name, ElementType Type, long[] Shape, ExitPooling Pooling, int Rows, int Columns);

/// <summary>How the file becomes JSON and back, without reflection. Members that it does not know are left alone.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false, WriteIndented = true, IndentSize = 1, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ExitsDocument))]
internal sealed partial class ExitsJson : JsonSerializerContext;
