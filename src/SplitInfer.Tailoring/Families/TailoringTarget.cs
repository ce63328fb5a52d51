using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using SplitInfer.Families;

namespace SplitInfer.Tailoring.Families;

/// <summary>What a variant has to be. Of all variants that are, the one that agrees most with the model is taken.</summary>
public sealed record TailoringTarget
{
    private const int MaxFileBytes = 1 << 20;
    private const string Example = "Give an array such as [{\"name\":\"phone\",\"maxMs\":20,\"minAgreement\":0.97}].";

    /// <summary>The name of the target, such as <c>old-phone</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The longest that three of four runs on this machine may take, ms; null for no limit.</summary>
    public double? MaxMs { get; init; }

    /// <summary>The largest that the file may be, bytes; null for no limit.</summary>
    public double? MaxBytes { get; init; }

    /// <summary>The least share of samples with the result of the model, 0 to 1; null for any variant but those of which, with 95 % confidence, fewer than half agree.</summary>
    public double? MinAgreement { get; init; }

    /// <summary>Threads of a run. 1 by default.</summary>
    public int Threads { get; set; } = 1;

    /// <summary>
    /// The processor that the variant is for: <c>x64</c>, <c>x64-vnni</c> or <c>arm64</c>; null (the default) for this one. A time can be promised only for
    /// this machine's.
    /// </summary>
    public string? Isa { get; init; }

    /// <summary>Reads targets: an array of them, or an object with such an array named <c>targets</c> and nothing else.</summary>
    /// <param name="path">A JSON file.</param>
    /// <param name="threads">Threads of those that do not say.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidTargetException">It holds no targets, or one that means nothing.</exception>
    public static ImmutableArray<TailoringTarget> Load(string path, int threads = 1)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no file of targets '{path}'.", path);
        var bytes = WholeFile.Read(path, MaxFileBytes, problem => new InvalidTargetException($"'{path}' holds no targets: {problem}. {Example}"));
        try
        {
            using var document = JsonDocument.Parse(bytes, new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            var isNamed = document.RootElement.ValueKind == JsonValueKind.Object;
            if (isNamed && document.RootElement.EnumerateObject().FirstOrDefault(static p => p.Name != "targets") is { Value.ValueKind: not JsonValueKind.Undefined } other)
                throw new InvalidTargetException($"'{path}' has '{other.Name}' beside its targets, which is given on the command line. Leave it out.");
            var list = isNamed && document.RootElement.TryGetProperty("targets", out var inner) ? inner : document.RootElement;
            var targets = list.Deserialize(TargetContext.Default.ImmutableArrayTailoringTarget);
            if (targets.IsDefaultOrEmpty) throw new InvalidTargetException($"'{path}' has no targets. {Example}");
            if (targets.Contains(null!)) throw new InvalidTargetException($"A target in '{path}' is null. {Example}");
            foreach (var (target, given) in targets.Zip(list.EnumerateArray()))
                if (!given.TryGetProperty("threads", out _)) target.Threads = threads;
            return targets;
        }
        catch (JsonException error)
        {
            throw new InvalidTargetException($"'{path}' holds no targets: {error.Message} {Example}", error);
        }
    }

    /// <summary>Whether this target allows only what the other one allows too, and is for the same processor and threads.</summary>
    internal bool IsAtLeastAsStrictAs(TailoringTarget other) => Isa == other.Isa && Threads == other.Threads && (MaxMs ?? double.MaxValue) <= (other.MaxMs ?? double.MaxValue)
        && (MaxBytes ?? double.MaxValue) <= (other.MaxBytes ?? double.MaxValue) && (MinAgreement ?? 0) >= (other.MinAgreement ?? 0);

    internal void Validate()
    {
        if (string.IsNullOrWhiteSpace(Name)) throw new InvalidTargetException("A target has no name; give it one.");
        // It is shown, and a family keeps none.
        if (Name.Any(char.IsControl)) throw new InvalidTargetException($"Target '{ShownText.Of(Name)}' has a control character in its name; leave it out.");
        if (MaxMs is { } ms && !(ms > 0)) throw Invalid($"maxMs is {ms}; it is more than 0");
        if (MaxBytes is { } bytes && !(bytes > 0)) throw Invalid($"maxBytes is {bytes}; it is more than 0");
        if (MinAgreement is { } share && share is not (>= 0 and <= 1)) throw Invalid($"minAgreement is {share}; it is between 0 and 1");
        if (Threads is < 1 or > Execution.ExecutionOptions.MaxThreads) throw Invalid($"threads is {Threads}; it is 1 to {Execution.ExecutionOptions.MaxThreads}");
        if (Isa is not null && !InstructionSets.All.Contains(Isa)) throw Invalid($"isa is '{Isa}'; it is one of {string.Join(", ", InstructionSets.All)}, or left out for this machine's");
    }

    private InvalidTargetException Invalid(string problem) => new($"Target '{Name}': {problem}.");
}

/// <summary>Targets mean nothing that could be made.</summary>
public sealed class InvalidTargetException : SplitInferException
{
    internal InvalidTargetException(string message, Exception? inner = null) : base(message, inner) { }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowTrailingCommas = true, ReadCommentHandling = JsonCommentHandling.Skip)]
[JsonSerializable(typeof(ImmutableArray<TailoringTarget>))]
internal sealed partial class TargetContext : JsonSerializerContext;
