using System.Collections.Immutable;

namespace SplitInfer.Families;

/// <summary>Several models for one task, made of one: what each is worth and what it costs, as measured. Immutable.</summary>
public sealed record ModelFamily
{
    /// <summary>The file that the family was made of, without folder.</summary>
    public required string Model { get; init; }

    /// <summary>That file's fingerprint.</summary>
    public required Fingerprint Fingerprint { get; init; }

    /// <summary>Bytes of that file and of its external data; null where they were not kept.</summary>
    public long? ModelBytes { get; init; }

    /// <summary>Samples by which the variants were judged, none of which they were made with unless <see cref="SharesSamples"/>.</summary>
    public required int Samples { get; init; }

    /// <summary>Whether the variants were made with the samples that they were judged by, since there were too few to keep some apart; agreement is then too good.</summary>
    public bool SharesSamples { get; init; }

    /// <summary>The machine on which times were measured.</summary>
    public required string Machine { get; init; }

    /// <summary>The variants, the one that agrees most first.</summary>
    public required ImmutableArray<FamilyVariant> Variants { get; init; }

    /// <summary>What was asked for, and which variant meets it.</summary>
    public ImmutableArray<FamilyTarget> Targets { get; init; } = [];

    /// <summary>Variants that could not be made or are of no use, each with the reason.</summary>
    public ImmutableArray<string> NotMade { get; init; } = [];
}

/// <summary>One model of a family. Immutable.</summary>
public sealed record FamilyVariant
{
    /// <summary>The name of the variant, such as <c>int8</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The ONNX file, relative to the file of the family.</summary>
    public required string File { get; init; }

    /// <summary>The file's fingerprint.</summary>
    public required Fingerprint Fingerprint { get; init; }

    /// <summary>The variant that this one was made of; null for one that was made of the model itself.</summary>
    public string? Parent { get; init; }

    /// <summary>What was done, in order.</summary>
    public ImmutableArray<string> Steps { get; init; } = [];

    /// <summary>The processor that the variant is for, such as <c>x64-vnni</c>; null for any.</summary>
    public string? Isa { get; init; }

    /// <summary>Whether its times were taken on another processor than it is for, so that they say nothing.</summary>
    public bool IsTimedElsewhere { get; init; }

    /// <summary>Bytes of the file.</summary>
    public required long Bytes { get; init; }

    /// <summary>What a run takes, by threads.</summary>
    public required ImmutableArray<VariantTime> Times { get; init; }

    /// <summary>The share of samples with the result of the model.</summary>
    public required double Agreement { get; init; }

    /// <summary>The lower bound of that share, with 95 % confidence.</summary>
    public required double AgreementLow { get; init; }

    /// <summary>The mean cosine between the outputs and those of the model.</summary>
    public required double Cosine { get; init; }

    /// <summary>The share of right classes; null where they are not known.</summary>
    public double? Accuracy { get; init; }

    /// <summary>The lower bound of that share, with 95 % confidence.</summary>
    public double? AccuracyLow { get; init; }

    /// <summary>Whether no other variant for the same processor is at least as good in bytes, time and agreement and better in one. A variant of which fewer than half of the answers agree, with 95 % confidence, is not.</summary>
    public required bool IsParetoOptimal { get; init; }
}

/// <summary>What a run of a variant takes.</summary>
/// <param name="Threads">Threads of the run.</param>
/// <param name="Milliseconds">The median, ms.</param>
/// <param name="BaseMilliseconds">The median of the model that the family was made of, taken in turn with it, ms.</param>
public sealed record VariantTime(int Threads, double Milliseconds, double BaseMilliseconds)
{
    /// <summary>The upper quartile, which three of four runs took at most, ms: what targets are met by. Null where it was not kept.</summary>
    public double? UpperMilliseconds { get; init; }
}

/// <summary>What was asked for.</summary>
/// <param name="Name">The name of the target.</param>
/// <param name="Variant">The variant that meets it; null where none does.</param>
/// <param name="Refusal">Why none does, and what comes nearest; null where one does.</param>
public sealed record FamilyTarget(string Name, string? Variant, string? Refusal);
